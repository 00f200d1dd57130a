"""`all slurm status`, `all slurm logs`, `all slurm cancel`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from all_slurm.array import ArrayExecutor
from all_slurm.submission import submission_of
from allcore.cli.find_run import find_run, run_argument, run_folders
from allcore.cli.tables import echo_json, echo_table
from allcore.errors import LogdirError, UsageError

if TYPE_CHECKING:
    from allcore.experiments.runs import Run


@click.command("status")
@click.argument("logdir", default="runs", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(logdir: str, as_json: bool) -> None:
    """Say how the runs in LOGDIR stand that were submitted to Slurm."""
    from allcore.executors.standings import ask
    from allcore.experiments.runs import find_runs

    runs = ask(run for run in find_runs(logdir) if submission_of(run.path))
    if as_json:
        echo_json([_as_record(run) for run in runs])
    elif runs:
        echo_table(["RUN", "JOB", "STATE", "FRAMES", "OF", "NOTE"], [_row(run) for run in runs], right=[3, 4])
    else:
        click.echo(
            f"No runs in {logdir} were submitted to Slurm. 'all run --executor slurm.array' does that."
        )


@click.command("logs")
@run_argument
@click.option(
    "-n", "--lines", default=20, show_default=True, type=click.IntRange(min=1), help="How many, from the end."
)
def logs(run: str, logdir: str, lines: int) -> None:
    """Show the end of what the task of a run printed.

    RUN is a run's folder, or a part of its name that no other run has.
    """
    folder = find_run(run, logdir)
    submission = submission_of(folder)
    if submission is None:
        raise UsageError(f"{folder} was not submitted to Slurm.")
    path = submission.output
    click.echo(f"{path} (job {submission.task}):")
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        click.echo("Nothing yet: the task has not begun.")
    except OSError as error:
        raise LogdirError(f"{path} cannot be read: {error.strerror}.") from None
    else:
        click.echo("\n".join(text.splitlines()[-lines:]))


@click.command("cancel")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--all", "everything", is_flag=True, help="Cancel all runs in the log folder that Slurm has.")
@click.option(
    "--logdir", default="runs", show_default=True, type=click.Path(), help="The folder of all runs."
)
def cancel(runs: tuple[str, ...], everything: bool, logdir: str) -> None:
    """Take runs from Slurm's queue, and stop those that run after a checkpoint.

    RUN is a run's folder, or a part of its name that no other run has. The command that submitted a run submits it again.
    """
    if bool(runs) == everything:
        raise UsageError("Name the runs to cancel, or say --all.")
    found = run_folders(logdir) if everything else [find_run(run, logdir) for run in runs]
    folders = [folder for folder in found if submission_of(folder)]
    if strangers := [folder for folder in found if runs and folder not in folders]:
        raise UsageError(f"{strangers[0]} was not submitted to Slurm.")
    there = [
        folder for folder, standing in ArrayExecutor().standings(folders).items() if standing.state != "gone"
    ]
    ArrayExecutor().cancel(there)
    click.echo(
        f"Cancelled: {len(there)} of {len(folders)} runs{'' if there else '; Slurm has none of them'}."
    )


def _row(run: Run) -> list[str | None]:
    return [
        str(run.path),
        _task(run),
        run.state,
        f"{run.frame:,}",
        f"{run.frames:,.0f}",
        run.error or run.note,
    ]


def _as_record(run: Run) -> dict[str, Any]:
    return {**dataclasses.asdict(run), "path": str(run.path), "job": _task(run)}


def _task(run: Run) -> str | None:
    submission = submission_of(run.path)
    return submission.task if submission else None
