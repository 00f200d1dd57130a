"""`all watch`: see the agent of a run play."""

from __future__ import annotations

from pathlib import Path

import click

from allcore.cli.find_run import find_run, run_argument


@click.command("watch")
@run_argument
@click.option("--video", type=click.Path(path_type=Path), metavar="FILE", help="Write an mp4 instead.")
@click.option(
    "--episodes", default=1, show_default=True, type=click.IntRange(min=1), metavar="N", help="Games to play."
)
@click.option(
    "--fps",
    default=30,
    show_default=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="Agent steps shown per second.",
)
@click.option(
    "--trust", multiple=True, metavar="MODULE", help="A module that the saved preset may name. Repeatable."
)
def watch(run: str, logdir: str, video: Path | None, episodes: int, fps: int, trust: tuple[str, ...]) -> None:
    """Watch the agent of a run play.

    RUN is a run's folder, or a part of its name that no other run has. Where there is a screen a window opens, else
    RUN/video.mp4 is written.
    """
    from allcore.experiments.watch import watch_run

    file = watch_run(find_run(run, logdir), video=video, episodes=episodes, fps=fps, trust=trust)
    if file is not None:
        click.echo(f"Wrote {file}")
