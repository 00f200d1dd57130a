"""What was submitted: the folder of a submission, its batch script, and what each run's folder says about it."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allcore.errors import LogdirError
from allcore.executors.submissions import read_submission

#: The executor's key, by which submissions name it.
KEY = "slurm.array"

#: In the log folder: a folder for each submission, with its script, its list of runs, and what its tasks printed.
SUBMISSIONS = "slurm"

#: In a submission's folder: its runs, and the job's id. One file for all of a thousand runs, as it comes after their own.
_FILE = "submission.json"
_JOB = "job"


@dataclass(frozen=True)
class Submission:
    """What a run's folder says of its last submission to Slurm.

    Attributes:
        name: of the job. It is ours, and the only thing by which a job is known: Slurm uses ids again after a crash.
        index: the run's task in the job's array.
        folder: the submission's.
    """

    name: str
    index: int
    folder: Path

    @property
    def job(self) -> str | None:
        """The id that Slurm gave, for people to read; None if its answer never came."""
        try:
            return (self.folder / _JOB).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None

    @property
    def task(self) -> str:
        """The id by which Slurm's commands know the task, such as `123_4`."""
        return f"{self.job or 'not known'}_{self.index}"

    @property
    def output(self) -> Path:
        """What the task printed."""
        return self.folder / f"{self.index}.out"


def submission_of(folder: Path) -> Submission | None:
    """The last submission of the run in this folder; None if there was none, or if the file makes no sense."""
    record = read_submission(folder)
    kinds = {"name": str, "index": int, "folder": str}
    if record.get("executor") != KEY or not all(
        isinstance(record.get(each), kind) for each, kind in kinds.items()
    ):
        return None
    return Submission(record["name"], record["index"], Path(record["folder"]))


def write_list(place: Path, record: dict[str, Any]) -> None:
    """Write down what a submission is; among it, `runs`, the folders of its runs in the order of their tasks.

    It is on the disk afterwards, as no task finds its run without it. What stands in the runs' own folders is not waited for: if a
    power cut takes it, the same command submits them once more, which does no harm.
    """
    with (place / _FILE).open("w", encoding="utf-8") as file:
        file.write(json.dumps(record, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())


def write_job(place: Path, job: str) -> None:
    """Write down the id that Slurm gave. Nothing depends on it."""
    with contextlib.suppress(OSError):
        (place / _JOB).write_text(f"{job}\n", encoding="utf-8")


def run_of(place: Path, index: int) -> Path:
    """The folder of the run that a task is to carry out.

    Raises:
        LogdirError: the submission's file is gone or damaged.
    """
    try:
        return Path(json.loads((place / _FILE).read_bytes())["runs"][index])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LogdirError(f"{place / _FILE} does not say what task {index} is to run: {error!r}.") from None


def script(place: Path, setup: Sequence[str], worker: Sequence[str]) -> str:
    """The batch script of a submission.

    Args:
        place: the submission's folder.
        setup: the user's lines of shell.
        worker: arguments for the worker.
    """
    command = [sys.executable, "-m", "all_slurm.worker", *worker, str(place)]
    return "\n".join(
        [
            "#!/bin/bash",
            "trap '' USR1 # until the program listens: by default it would end the job",
            f"cd {shlex.quote(os.getcwd())} || exit 1",
            *setup,
            "# exec: Slurm's warning reaches this process alone, which has to be the program",
            f'exec {shlex.join(command)} "$SLURM_ARRAY_TASK_ID"',
            "",
        ]
    )
