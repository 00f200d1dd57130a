"""How runs stand that were submitted elsewhere: what their folders say, completed by what that place says."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from allcore.errors import AllError
from allcore.executors.executor import Standing
from allcore.executors.submissions import read_submission
from allcore.plugins import registry
from allcore.plugins.causes import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from allcore.experiments.runs import Run

#: States in which nobody needs to be asked any more.
_ENDED = ("finished", "failed")


def ask(runs: Iterable[Run]) -> list[Run]:
    """Complete what the folders of runs say by what the executors say that they were submitted to.

    Each executor is asked once. One that is not installed, or does not answer, changes nothing but the note.
    """
    runs = list(runs)
    given: dict[str, list[Path]] = {}
    for run in runs:
        if run.state not in _ENDED and (key := read_submission(run.path).get("executor")):
            given.setdefault(str(key), []).append(run.path)
    standings: dict[Path, Standing] = {}
    for key, folders in given.items():
        standings |= _standings(key, folders)
    return [_completed(run, standings[run.path]) if run.path in standings else run for run in runs]


def _standings(key: str, folders: Sequence[Path]) -> dict[Path, Standing]:
    try:
        executor = registry().load(registry().find("executors", key))()
        found: dict[Path, Standing] = executor.standings(folders)
    except Exception as error:  # somebody's plugin must not keep the list from being shown
        note = error.message if isinstance(error, AllError) else f"{key}: {quote(error)}"
        found = {folder: Standing("unknown", note) for folder in folders}
    return found


def _completed(run: Run, standing: Standing) -> Run:
    if standing.state == "queued":
        return dataclasses.replace(run, state="queued", note=standing.note)
    if standing.state == "gone":
        note = run.note or f"not there any more{f': {standing.note}' if standing.note else ''}"
        return dataclasses.replace(run, state="interrupted", note=note)
    if standing.state == "running" and run.state != "running":
        return dataclasses.replace(run, state="running", note="is being started")
    return dataclasses.replace(run, note=standing.note)
