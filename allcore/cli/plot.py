"""`all plot`: learning curves."""

from __future__ import annotations

from pathlib import Path

import click

from allcore.cli.find_run import complete_runs
from allcore.cli.values import parse_frames
from allcore.errors import LogdirError


@click.command("plot")
@click.argument("runs", default="runs", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="The file to write: .png, .pdf or .svg."
)
@click.option(
    "--frames", type=parse_frames, metavar="N", help="Where the horizontal axis ends, in agent steps."
)
def plot(runs: Path, out: Path | None, frames: int | None) -> None:
    """Plot the training returns of runs.

    RUNS is a log folder, or a folder in one. Each environment has a panel. Without --out a window shows
    them; where there is no screen, they are written to RUNS/returns100.png.
    """
    from allcore.experiments.plots import plot_returns_100
    from allcore.experiments.viewer import has_screen

    if not runs.is_dir():
        raise LogdirError(f"There is no folder {runs}.", hint="Name a log folder, or a folder in one.")
    file = out if out is not None or has_screen() else runs / "returns100.png"
    plot_returns_100(runs, -1 if frames is None else frames, out=file)
    if file is not None:
        click.echo(f"Wrote {file}")
