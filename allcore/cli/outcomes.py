"""What became of the runs, and what to do next."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.experiments.outcome import Outcome


def tell(outcomes: Sequence[Outcome], logdir: str, *, quiet: bool) -> None:
    """Say what became of each run, and what to do next."""
    for outcome in outcomes:
        bad = outcome.state in ("failed", "interrupted")
        if bad or not quiet:
            message = f" ({outcome.message})" if outcome.message else ""
            click.echo(f"{outcome.state.capitalize()}: {outcome.folder}{message}", err=bad)
    states = [outcome.state for outcome in outcomes]
    if len(outcomes) > 1 and not quiet:
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        click.echo(f"Of {len(outcomes)} runs: {counts}.")
    if quiet or all(state == "failed" for state in states):
        return
    _tell_next(outcomes, states, logdir)
    sys.stdout.flush()


def _tell_next(outcomes: Sequence[Outcome], states: Sequence[str], logdir: str) -> None:
    interrupted = [outcome.folder for outcome in outcomes if outcome.state == "interrupted"]
    if len(interrupted) == 1 == len(outcomes):
        click.echo(f"It goes on with: all resume {shlex.quote(str(interrupted[0]))}")
    elif interrupted:
        click.echo("The same command goes on with what was interrupted, and begins what was not begun.")
    if "already finished" in states:
        click.echo("What is finished is not run again, unless with --fresh.")
    if "submitted" in states:
        click.echo(f"\nHow they are doing: all runs {shlex.quote(logdir)}")
        return
    folder = shlex.quote(str(outcomes[-1].folder))
    click.echo(
        f"\nNext, try:\n"
        f"  all plot {shlex.quote(logdir)}\n"
        f"  all evaluate {folder}\n"
        f"  all watch {folder}\n"
        f"and for all curves: tensorboard --logdir {shlex.quote(logdir)}"
    )
