"""`all runs`: how all runs in a log folder are doing."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from allcore.cli.tables import echo_json, echo_table

if TYPE_CHECKING:
    from allcore.experiments.runs import Run


@click.command("runs")
@click.argument("logdir", default="runs", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def runs(logdir: str, as_json: bool) -> None:
    """List the runs in a log folder.

    LOGDIR is the folder that --logdir named, or a folder in it. RETURN is the mean return of the last 100 training
    episodes, EVALUATION that of the last evaluation. FRAMES are agent steps.
    """
    from allcore.executors.standings import ask
    from allcore.experiments.runs import find_runs

    # Nobody has run anything yet: that is no mistake.
    found = ask(find_runs(logdir)) if logdir != "runs" or Path(logdir).exists() else []
    if as_json:
        echo_json([{**dataclasses.asdict(run), "path": str(run.path)} for run in found])
    elif found:
        headers = ["RUN", "STATE", "FRAMES", "OF", "", "RETURN", "EVALUATION", "NOTE"]
        echo_table(headers, [_row(run) for run in found], right=[2, 3, 4, 5, 6])
    else:
        click.echo(f"No runs in {logdir}. 'all run --help' shows how to make one.")


def _row(run: Run) -> list[str | None]:
    of, share = (
        (f"{run.frames:,.0f}", f"{run.frame / run.frames:.0%}") if 0 < run.frames < math.inf else ("", "")
    )
    returns = [None if value is None else f"{value:,.1f}" for value in (run.returns100, run.evaluation)]
    return [str(run.path), run.state, f"{run.frame:,}", of, share, *returns, _note(run)]


def _note(run: Run) -> str | None:
    if run.state == "running":
        left = duration(run.seconds_left)
        return f"{left} left" if left else run.note
    return run.error if run.state == "failed" else run.note


def duration(seconds: float | None) -> str | None:
    """A time span in the units that people count it in; None if it is unknown."""
    if seconds is None or not math.isfinite(seconds):
        return None
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
