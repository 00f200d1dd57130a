"""Several runs in this process, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allcore.experiments.run import execute
from allcore.experiments.verdict import not_begun

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allcore.experiments.outcome import Outcome
    from allcore.experiments.spec import RunSpec


def run_in_order(
    specs: Sequence[RunSpec],
    logdir: str | Path,
    *,
    fresh: bool = False,
    quiet: bool = False,
    render: bool = False,
) -> list[Outcome]:
    """`execute` each; an interruption ends the series, a run that fails does not.

    Raises:
        AllError: the only run cannot begin. One of several is a failed run.
    """
    outcomes = []
    for spec in specs:
        try:
            outcome = execute(spec, logdir, fresh=fresh, quiet=quiet, render=render)
        except Exception as error:
            if len(specs) == 1:
                raise
            outcome = not_begun(spec, logdir, error)
        outcomes.append(outcome)
        if outcome.state == "interrupted":
            break
    return outcomes
