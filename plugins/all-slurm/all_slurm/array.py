"""The executor `slurm.array`: a series of runs is one job array."""

from __future__ import annotations

import datetime
import json
import os
import secrets
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from all_slurm import slurm
from all_slurm.resources import Resources
from allcore.errors import LogdirError, UsageError
from allcore.executors import Executor, Standing
from allcore.executors.submissions import prepare, read_submission, withdraw, write_submission
from allcore.experiments import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from allcore.experiments.run_folder import RunFolder
    from allcore.experiments.spec import RunSpec

#: The executor's key, by which submissions name it.
KEY = "slurm.array"

#: In the log folder: a folder for each submission, with its script, its list of runs, and what its tasks printed.
SUBMISSIONS = "slurm"

#: In a run's folder, while it is not to run: written before its job is cancelled, removed when it is submitted again.
CANCELLED = "cancelled"


class ArrayExecutor(Executor):
    """Hands runs to Slurm, all of a series in one job array, and returns at once.

    A task saves itself before its time limit and on preemption, and is queued again until it has finished. What Slurm loses
    (a node, its own memory of a job) is submitted again by the same command.
    """

    here = False

    def submit(self, specs: Sequence[RunSpec]) -> list[Outcome]:
        """Submit what is neither finished nor in the queue.

        Raises:
            UsageError: a setting does not fit, or the run is to be shown on a screen.
            SlurmError: Slurm refuses the job, or does not answer.
        """
        from allcore.executors.worker import command_line

        if self.render:
            raise UsageError("--render shows a run on this screen, but the cluster has none.")
        resources = Resources.read(self.setting)
        limit = slurm.largest_array()  # also finds out whether there is a Slurm, before anything is written
        folders = prepare(specs, self.logdir, fresh=self.fresh)
        outcomes = [_known(spec, folder) for spec, folder in zip(specs, folders, strict=True)]
        waiting = [folder.path for folder, outcome in zip(folders, outcomes, strict=True) if outcome is None]
        standings = self.standings(waiting)
        numbers = [n for n, folder in enumerate(folders) if _is_to_be_submitted(folder, standings)]
        for first in range(0, len(numbers), limit):
            part = numbers[first : first + limit]
            chosen = [specs[number] for number in part]
            self._submit([folders[number].path for number in part], chosen, resources, command_line(chosen))
        return [
            outcome or _submitted(spec, folder, standings.get(folder.path))
            for spec, folder, outcome in zip(specs, folders, outcomes, strict=True)
        ]

    def standings(self, folders: Collection[Path]) -> dict[Path, Standing]:
        """Ask Slurm once for all of them. A job is known by its name, which is ours: ids are used again after a crash."""
        records = {folder: read_submission(folder) for folder in folders}
        try:
            tasks = {
                (task.name, task.index): task
                for task in slurm.tasks(
                    str(record["name"]) for record in records.values() if "name" in record
                )
            }
        except slurm.SlurmError as error:
            return {folder: Standing("unknown", error.message) for folder in folders}
        missing = [
            folder
            for folder, record in records.items()
            if (record.get("name"), record.get("index")) not in tasks
        ]
        endings = slurm.endings(_job(records[folder]) for folder in missing if records[folder].get("job"))
        found = {}
        for folder, record in records.items():
            task = tasks.get((record.get("name"), record.get("index")))  # type: ignore[arg-type]
            found[folder] = (
                _standing(task) if task else Standing("gone", endings.get(_job(record), "").lower())
            )
        return found

    def cancel(self, folders: Collection[Path]) -> None:
        """Take runs from the queue, and stop those that run after a checkpoint.

        Raises:
            SlurmError: Slurm does not answer. The runs are marked all the same: they do not begin any more.
        """
        for folder in folders:
            _mark_cancelled(folder)
        records = [read_submission(folder) for folder in folders]
        wanted = {(record.get("name"), record.get("index")) for record in records}
        tasks = slurm.tasks(str(record["name"]) for record in records if "name" in record)
        tasks = [task for task in tasks if (task.name, task.index) in wanted]
        slurm.cancel(
            [task.job for task in tasks if task.state in slurm.WAITING],
            [task.job for task in tasks if task.state not in slurm.WAITING],
        )

    def _submit(
        self, folders: Sequence[Path], specs: Sequence[RunSpec], resources: Resources, worker: Sequence[str]
    ) -> None:
        """Submit one job array. All that is needed to find it again is on disk before Slurm hears of it."""
        name = f"all-{datetime.datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        place = (self.logdir / SUBMISSIONS / name).resolve()
        limit = f"%{self.jobs}" if self.jobs else ""
        arguments = [
            f"--job-name={name}",
            f"--array=0-{len(folders) - 1}{limit}",
            "--requeue",
            "--open-mode=append",
            f"--output={place}/%a.out",
            *resources.options(on_gpu=any(not spec.device.startswith("cpu") for spec in specs)),
            str(place / "job.sh"),
        ]
        record = {"executor": KEY, "name": name, "folder": str(place), "submitted": _now()}
        try:
            place.mkdir(parents=True)
            (place / "job.sh").write_text(script(place, resources.setup, worker), encoding="utf-8")
            runs = [str(folder.resolve()) for folder in folders]
            _write(place / "submission.json", {**record, "sbatch": arguments, "runs": runs})
        except OSError as error:
            raise LogdirError(f"{place} cannot be written: {error.strerror or error}.") from None
        for index, folder in enumerate(folders):
            (folder / CANCELLED).unlink(missing_ok=True)
            write_submission(folder, {**record, "index": index})
        try:
            job = _ask(arguments, name)
        except slurm.NoAnswerError:
            raise
        except slurm.SlurmError:  # refused: nothing is left behind
            for folder in folders:
                withdraw(folder)
            shutil.rmtree(place, ignore_errors=True)
            raise
        _write(place / "submission.json", {**record, "job": job, "sbatch": arguments, "runs": runs})
        for index, folder in enumerate(folders):
            write_submission(folder, {**record, "index": index, "job": job})


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
            f"cd {shlex.quote(os.getcwd())} || exit 1",
            *setup,
            "# exec: Slurm's warning reaches this process alone, which has to be the program",
            f'exec {shlex.join(command)} "$SLURM_ARRAY_TASK_ID"',
            "",
        ]
    )


def _ask(arguments: Sequence[str], name: str) -> str:
    """Submit; if Slurm's answer is lost, look whether the job is there."""
    try:
        return slurm.sbatch(arguments)
    except slurm.NoAnswerError as error:
        try:
            found = slurm.tasks([name])
        except slurm.SlurmError:
            found = []
        if found:
            return found[0].job.partition("_")[0]
        raise slurm.NoAnswerError(
            f"{error.message} Whether the job {name} was submitted is not known.",
            hint="The same command, later, looks for it first and submits it if it is not there.",
        ) from None


def _known(spec: RunSpec, folder: RunFolder) -> Outcome | None:
    """What is known about a run without asking Slurm, if that is enough."""
    if folder.read_status().get("state") == "finished":
        return Outcome(spec=spec, folder=folder.path, state="already finished")
    if folder.is_locked():
        return Outcome(spec=spec, folder=folder.path, state="submitted", message="it is running already")
    return None


def _is_to_be_submitted(folder: RunFolder, standings: dict[Path, Standing]) -> bool:
    """Whether a run is neither finished nor with Slurm.

    Raises:
        SlurmError: Slurm does not answer, so that nobody knows.
    """
    standing = standings.get(folder.path)
    if standing is not None and standing.state == "unknown":
        raise slurm.NoAnswerError(standing.note, hint="Nothing was submitted.")
    if standing is not None and (folder.path / CANCELLED).exists() and standing.state == "running":
        raise slurm.SlurmError(
            f"{folder.path} is being cancelled.", hint="Nothing was submitted: wait until it has ended."
        )
    return standing is not None and standing.state == "gone"


def _submitted(spec: RunSpec, folder: RunFolder, before: Standing | None) -> Outcome:
    record = read_submission(folder.path)
    already = "" if before is None or before.state == "gone" else f"{before.state} already, "
    return Outcome(spec=spec, folder=folder.path, state="submitted", message=f"{already}job {_job(record)}")


def _standing(task: slurm.Task) -> Standing:
    return Standing(
        "queued" if task.state in slurm.WAITING else "running", f"{task.state.lower()}, {task.reason}"
    )


def _job(record: dict[str, Any]) -> str:
    return f"{record.get('job')}_{record.get('index')}"


def _mark_cancelled(folder: Path) -> None:
    try:
        (folder / CANCELLED).touch()
    except OSError as error:
        raise LogdirError(f"{folder} cannot be written: {error.strerror or error}.") from None


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _write(path: Path, record: dict[str, Any]) -> None:
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
