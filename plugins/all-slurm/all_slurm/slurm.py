"""Slurm's own commands: what is asked of them, and what their answers mean."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allcore.errors import AllError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Seconds that the controller has to answer; Slurm's own commands give up after nine.
PATIENCE = 20.0

#: Seconds for which a job asks for its own requeue, and between two attempts. It has saved all, and its time limit ends it anyway.
REQUEUE_PATIENCE = 300.0
REQUEUE_PAUSE = 5.0

#: States in squeue of a task that waits; in any other it runs, or is about to end.
WAITING = frozenset(
    {"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD", "STOPPED"}
)


class SlurmError(AllError):
    """Slurm refused something, or did not answer."""


class NoAnswerError(SlurmError):
    """Slurm did not answer: what was asked for may or may not have been done."""


@dataclass(frozen=True)
class Task:
    """One task of a job array as Slurm knows it.

    Attributes:
        name: the job's name.
        index: the task's index in the array.
        job: the id by which Slurm's commands know it, such as `123_4`.
        state: Slurm's, such as `PENDING`.
        reason: why it waits, or the node that it runs on.
    """

    name: str
    index: int
    job: str
    state: str
    reason: str


def sbatch(arguments: Sequence[str]) -> str:
    """Submit a job, and give its id.

    Raises:
        NoAnswerError: nobody knows whether it was submitted.
        SlurmError: it was refused.
    """
    return _call("sbatch", "--parsable", *arguments).strip().partition(";")[0]


def tasks(names: Iterable[str]) -> list[Task]:
    """The tasks of the jobs with these names that have not ended, of this user.

    Raises:
        SlurmError: Slurm does not answer.
    """
    found = []
    for listed in _lists(names):
        answer = _call(
            "squeue", "--noheader", "--array", "--me", f"--name={listed}", "--format=%j|%K|%i|%T|%R"
        )
        for line in answer.splitlines():
            name, index, job, state, reason = line.split("|", 4)
            if index.isdigit():
                found.append(Task(name, int(index), job, state, reason.strip("()")))
    return found


def _lists(words: Iterable[str]) -> list[str]:
    """The words, with commas, in lists of a length that one argument of a program can have."""
    ordered = sorted(set(words))
    return [",".join(ordered[first : first + _LONGEST]) for first in range(0, len(ordered), _LONGEST)]


#: Names of jobs, or ids of tasks, in one call: Linux takes 128 KiB in an argument, and they have some 30 bytes each.
_LONGEST = 2000


def endings(jobs: Iterable[str]) -> dict[str, str]:
    """How tasks ended, such as `TIMEOUT`, for those of which Slurm keeps a record.

    Args:
        jobs: ids such as `123_4`.

    Returns:
        The last state of each that is known. Empty where the cluster keeps no accounts.
    """
    lists = _lists(jobs)
    for more in ((), ("--completion",)):  # from the database, else from the file of completed jobs
        told = ["sacct", *more, "--noheader", "--parsable2", "--format=jobid,state", "-j"]
        try:
            answers = [_call(*told, listed) for listed in lists]
        except SlurmError:
            continue
        lines = [line.split("|") for answer in answers for line in answer.splitlines() if "|" in line]
        # A requeued job has several lines: the last one counts.
        return {job: state.split()[0] for job, state in lines if state and "." not in job}
    return {}


def largest_array() -> int:
    """How many tasks one job array may have.

    Raises:
        SlurmError: Slurm does not answer.
    """
    for line in _call("scontrol", "show", "config").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "MaxArraySize":
            return max(1, int(value))
    return 1001  # Slurm's default


def requeue(job: str) -> bool:
    """Have a job run once more from its beginning; say whether Slurm agreed. A controller that is busy is asked again."""
    deadline = time.monotonic() + REQUEUE_PATIENCE
    while True:
        try:
            _call("scontrol", "requeue", job)
        except NoAnswerError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(REQUEUE_PAUSE)
        except SlurmError as error:
            return "pending execution" in error.message  # it is in the queue again already
        else:
            return True


def cancel(waiting: Sequence[str], running: Sequence[str]) -> None:
    """End jobs so that they do not come back.

    Args:
        waiting: ids of those that have not begun.
        running: ids of those that have.

    Raises:
        SlurmError: Slurm does not answer.
    """
    for job in running:
        # A job that asks for its own requeue when it is told to end would otherwise come back each time.
        try:
            _call("scontrol", "update", f"jobid={job}", "requeue=0")
        except NoAnswerError:
            raise
        except SlurmError:
            continue  # it has ended in the meantime
    if waiting or running:
        _call("scancel", *waiting, *running)


def _call(program: str, *arguments: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise SlurmError(
            f"There is no Slurm on this machine: {program} is not on the PATH.",
            hint="Submit from a cluster's login node, or run here: --executor core.local --jobs 2",
        )
    # What somebody likes to see in their queue (SQUEUE_STATES=RUNNING) must not hide jobs from us.
    env = {name: value for name, value in os.environ.items() if not name.startswith(_TASTES)}
    try:
        answer = subprocess.run(
            [found, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False, env=env
        )
    except subprocess.TimeoutExpired:
        raise NoAnswerError(f"Slurm did not answer {program} within {PATIENCE:.0f} s.") from None
    if answer.returncode == 0:
        return answer.stdout
    lines = [line.removeprefix(f"{program}: ").removeprefix("error: ") for line in answer.stderr.splitlines()]
    said = "; ".join(filter(None, lines)) or f"exit code {answer.returncode}"
    kind = NoAnswerError if any(sign in answer.stderr for sign in _NO_ANSWER) else SlurmError
    raise kind(f"{program}: {said}")


#: The variables by which users give Slurm's commands other options.
_TASTES = ("SQUEUE_", "SACCT_", "SCANCEL_")

#: What Slurm's commands say when the controller cannot be reached, or did not finish its answer.
_NO_ANSWER = (
    "Unable to contact slurm controller",
    "Socket timed out",
    "Zero Bytes were transmitted",
    "Connection refused",
    "Unexpected message received",
    "Transport endpoint is not connected",
)
