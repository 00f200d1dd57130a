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
    if quiet or all(outcome.state == "failed" for outcome in outcomes):
        return
    if outcomes[-1].state == "interrupted":
        click.echo(f"It goes on with: all resume {shlex.quote(str(outcomes[-1].folder))}")
    if any(outcome.state == "already finished" for outcome in outcomes):
        click.echo("What is finished is not run again, unless with --fresh.")
    folder = shlex.quote(str(outcomes[-1].folder))
    click.echo(
        f"\nNext, try:\n"
        f"  all plot {shlex.quote(logdir)}\n"
        f"  all evaluate {folder}\n"
        f"  all watch {folder}\n"
        f"and for all curves: tensorboard --logdir {shlex.quote(logdir)}"
    )
    sys.stdout.flush()
