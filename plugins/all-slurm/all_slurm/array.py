"""The executor `slurm.array`: a series of runs is one job array."""

from __future__ import annotations

import datetime
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from all_slurm import slurm
from all_slurm.resources import Resources
from all_slurm.submission import KEY, SUBMISSIONS, Submission, script, submission_of, write_job, write_list
from allcore.errors import LogdirError, UsageError
from allcore.executors import Executor, Standing
from allcore.executors.submissions import prepare, withdraw, write_submission
from allcore.experiments import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from allcore.experiments.run_folder import RunFolder
    from allcore.experiments.spec import RunSpec

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
        # What Slurm does not know any more may have finished while it was asked.
        gone = {folder for folder, standing in standings.items() if standing.state == "gone"}
        outcomes = [
            _known(spec, folder) if folder.path in gone else outcome
            for spec, folder, outcome in zip(specs, folders, outcomes, strict=True)
        ]
        numbers = [
            number
            for number, folder in enumerate(folders)
            if outcomes[number] is None and _is_to_be_submitted(folder.path, standings)
        ]
        for first in range(0, len(numbers), limit):
            part = numbers[first : first + limit]
            chosen = [specs[number] for number in part]
            self._submit([folders[number].path for number in part], chosen, resources, command_line(chosen))
        return [
            outcome or _submitted(spec, folder.path, standings[folder.path])
            for spec, folder, outcome in zip(specs, folders, outcomes, strict=True)
        ]

    def standings(self, folders: Collection[Path]) -> dict[Path, Standing]:
        """Ask Slurm once for all of them."""
        submissions = {folder: submission_of(folder) for folder in folders}
        try:
            tasks = _tasks_of(submissions.values())
        except slurm.SlurmError as error:
            return {folder: Standing("unknown", error.message) for folder in folders}
        gone = [each for each in submissions.values() if each and each not in tasks and each.job]
        endings = slurm.endings(each.task for each in gone)
        found = {}
        for folder, submission in submissions.items():
            if submission in tasks:
                found[folder] = _standing(tasks[submission])
            else:
                found[folder] = Standing(
                    "gone", endings.get(submission.task, "").lower() if submission else ""
                )
        return found

    def cancel(self, folders: Collection[Path]) -> None:
        """Take runs from the queue, and stop those that run after a checkpoint.

        Raises:
            SlurmError: Slurm does not answer. The runs are marked all the same: they do not begin any more.
        """
        for folder in folders:
            _mark_cancelled(folder)
        tasks = _tasks_of(submission_of(folder) for folder in folders).values()
        slurm.cancel(
            [task.job for task in tasks if task.state in slurm.WAITING],
            [task.job for task in tasks if task.state not in slurm.WAITING],
        )

    def _submit(
        self, folders: Sequence[Path], specs: Sequence[RunSpec], resources: Resources, worker: Sequence[str]
    ) -> None:
        """Submit one job array. All that is needed to find it again is written before Slurm hears of it."""
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
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        record = {"executor": KEY, "name": name, "folder": str(place), "submitted": now}
        runs = [str(folder.resolve()) for folder in folders]
        try:
            place.mkdir(parents=True)
            (place / "job.sh").write_text(script(place, resources.setup, worker), encoding="utf-8")
            write_list(place, {**record, "sbatch": arguments, "runs": runs})
            for folder in folders:
                (folder / CANCELLED).unlink(missing_ok=True)
        except OSError as error:
            raise LogdirError(f"{error.filename} cannot be written: {error.strerror or error}.") from None
        for index, folder in enumerate(folders):
            write_submission(folder, {**record, "index": index})
        write_job(place, _ask(arguments, name, folders, place))


def _ask(arguments: Sequence[str], name: str, folders: Sequence[Path], place: Path) -> str:
    """Submit, and give the job's id. If the answer is lost, look whether the job is there; if it is no, leave nothing behind."""
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
    except slurm.SlurmError:
        for folder in folders:
            withdraw(folder)
        shutil.rmtree(place, ignore_errors=True)
        raise


def _tasks_of(submissions: Iterable[Submission | None]) -> dict[Submission, slurm.Task]:
    """The tasks of these submissions that have not ended.

    Raises:
        SlurmError: Slurm does not answer.
    """
    by_task = {(each.name, each.index): each for each in submissions if each}
    tasks = slurm.tasks(name for name, _ in by_task)
    return {by_task[key]: task for task in tasks if (key := (task.name, task.index)) in by_task}


def _known(spec: RunSpec, folder: RunFolder) -> Outcome | None:
    """What is known about a run without asking Slurm, if that is enough."""
    if folder.read_status().get("state") == "finished":
        return Outcome(spec=spec, folder=folder.path, state="already finished")
    if folder.is_locked():
        return Outcome(spec=spec, folder=folder.path, state="submitted", message="it is running already")
    return None


def _is_to_be_submitted(folder: Path, standings: dict[Path, Standing]) -> bool:
    """Whether a run is neither finished nor with Slurm.

    Raises:
        SlurmError: Slurm does not answer, so that nobody knows; or the run is about to end.
    """
    standing = standings.get(folder)
    if standing is None:
        return False
    if standing.state == "unknown":
        raise slurm.NoAnswerError(standing.note, hint="Nothing was submitted.")
    if standing.state == "running" and (folder / CANCELLED).exists():
        raise slurm.SlurmError(
            f"{folder} is being cancelled.", hint="Nothing was submitted: wait until it has ended."
        )
    return standing.state == "gone"


def _submitted(spec: RunSpec, folder: Path, before: Standing) -> Outcome:
    submission = submission_of(folder)
    already = "" if before.state == "gone" else f"{before.state} already, "
    message = f"{already}job {submission.task}" if submission else ""
    return Outcome(spec=spec, folder=folder, state="submitted", message=message)


def _standing(task: slurm.Task) -> Standing:
    return Standing(
        "queued" if task.state in slurm.WAITING else "running", f"{task.state.lower()}, {task.reason}"
    )


def _mark_cancelled(folder: Path) -> None:
    try:
        (folder / CANCELLED).touch()
    except OSError as error:
        raise LogdirError(f"{folder} cannot be written: {error.strerror or error}.") from None
