"""Which run a user means: by its folder, or by any part of its name that only one run has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from allcore.errors import LogdirError

_MOST_LISTED = 10


def run_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument RUN and the option --logdir; it finds the folder with `find_run`."""
    logdir = click.option(
        "--logdir",
        default="runs",
        show_default=True,
        type=click.Path(),
        help="The log folder in which a part of a run's name is looked for.",
    )
    return click.argument("run", shell_complete=complete_runs)(logdir(command))


def find_run(text: str, logdir: str) -> Path:
    """Find the folder of the run that is meant.

    Args:
        text: A run's folder, a folder with only one run in it, or a part of the path of only one run in `logdir`.
        logdir: The log folder.

    Raises:
        LogdirError: There is none, or its run.json cannot be understood, or there are several, which are listed.
    """
    folders = run_folders(text)
    if not folders:
        _refuse_damaged(text)
        everything = run_folders(logdir)
        # The log folder's own name is part of every path, and says nothing.
        folders = [folder for folder in everything if text in str(folder.relative_to(logdir))]
        if not folders:
            hint = (
                _listed("Here there are:", everything)
                if everything
                else "'all run --help' shows how to make one."
            )
            raise LogdirError(f"There is no run {text!r} in {logdir}.", hint=hint)
    if len(folders) > 1:
        raise LogdirError(f"{text!r} is the name of {len(folders)} runs.", hint=_listed("Say more:", folders))
    return folders[0]


def _refuse_damaged(text: str) -> None:
    """Complain if `text` is the folder of a run, but one whose run.json cannot be understood."""
    from allcore.experiments.run_folder import RunFolder

    folder = RunFolder(text)
    if folder.run_file.is_file():
        folder.read_run()  # complains if it is of a later version
        raise LogdirError(
            f"{folder.run_file} is damaged: it does not say what the run is.",
            hint="Without it nothing can be done with the run. 'all run' begins it anew.",
        )


def run_folders(logdir: str) -> list[Path]:
    """List the folders of the runs in a folder, or the folder itself if it is one; none if it does not exist."""
    from allcore.experiments.runs import find_runs

    return [run.path for run in find_runs(logdir)] if Path(logdir).is_dir() else []


def complete_runs(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Propose the folders of the runs in `runs`."""
    folders = [str(folder) for folder in run_folders("runs")]
    return [CompletionItem(folder) for folder in folders if folder.startswith(incomplete)]


def _listed(title: str, folders: Iterable[Path]) -> str:
    lines = [f"  {folder}" for folder in folders]
    more = len(lines) - _MOST_LISTED
    return "\n".join([title, *lines[:_MOST_LISTED], *([f"  and {more} more"] if more > 0 else [])])
