"""What someone sees who waits for a run."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, TextIO

from allcore.logging.logger import Logger
from allcore.logging.rate import Rate
from allcore.logging.values import to_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.live import Live
    from rich.table import Table


class ConsoleLogger(Logger):
    """Shows a live progress line on a terminal, and a plain line now and then where there is none.

    The line tells how much of the run is done, frames (agent steps) and frames per second, the mean of the last 100
    training returns, the last evaluation and the time left.

    Args:
        folder: the run's folder; plain lines begin with its name.
        verbose: makes no difference here.
        stream: where to write; standard error by default, so that a command's output can be piped.
        interval: seconds between two plain lines.
    """

    def __init__(
        self, folder: Path, verbose: bool = True, *, stream: TextIO | None = None, interval: float = 10.0
    ) -> None:
        super().__init__(folder, verbose)
        from rich.console import Console

        self._console = Console(file=stream or sys.stderr, highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._interval = interval
        self._next_line = 0.0  # on time.monotonic's clock
        self._unsaid = False  # whether the newest state of affairs has not been shown
        self._rate = Rate()
        self._frame, self._total_frames = 0, math.inf
        self._returns: deque[Any] = deque(maxlen=100)
        self._evaluation: float | None = None
        self._activity: str | None = None

    def episode(self, episode: Mapping[str, Any]) -> None:
        """Remember the return for the mean of the last 100."""
        self._returns.append(episode["return"])

    def progress(self, frame: int, total_frames: float, seconds: float) -> None:
        """Show the newest state of affairs."""
        self._rate.update(frame, seconds)
        self._frame, self._total_frames, self._activity = frame, total_frames, None
        self._show()

    def evaluating(self, done: int, episodes: int, frame: int) -> None:
        """Show how far the evaluation is, in place of the time left."""
        self._activity = f"evaluating: {done} of {episodes} episodes"
        self._show()

    def evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """Leave a line with the evaluation's result."""
        mean, low, high = (to_number(evaluation[key]) for key in ("mean", "min", "max"))
        self._evaluation, self._activity = mean, None
        self._print(
            f"evaluation after {evaluation['frame']:,} frames: mean return {format_return(mean)}"
            f" ({evaluation['episodes']} episodes, {format_return(low)} to {format_return(high)})"
        )

    def close(self) -> None:
        """Show the last state of affairs and give the terminal back."""
        if self._unsaid:
            self._next_line = 0.0
            self._show()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _show(self) -> None:
        self._unsaid = True
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._show_live()
            self._unsaid = False
        elif time.monotonic() >= self._next_line:
            self._print(", ".join(self._parts()))
            self._next_line = time.monotonic() + self._interval
            self._unsaid = False

    def _show_live(self) -> None:
        if self._live is None:
            from rich.live import Live

            # No refreshing thread: the control loop says when, and nothing competes with it.
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(self._bar(), refresh=True)

    def _bar(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        done, *parts = self._parts()
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        if math.isfinite(self._total_frames):
            bar = ProgressBar(total=self._total_frames, completed=self._frame, width=16)
            grid.add_row(bar, "  ".join([done, *parts]))
        else:
            grid.add_row("", "  ".join([done, *parts]))
        return grid

    def _parts(self) -> list[str]:
        parts = [_format_done(self._frame, self._total_frames)]
        if speed := self._rate.frames_per_second:
            parts.append(f"{format_count(speed)} frames/s")
        if self._returns:
            mean = sum(float(to_number(value)) for value in self._returns) / len(self._returns)
            parts.append(f"return {format_return(mean)}")
        if self._evaluation is not None:
            parts.append(f"evaluation {format_return(self._evaluation)}")
        left = self._rate.seconds_left(self._total_frames)
        if self._activity is not None:
            parts.append(self._activity)
        elif left is not None and self._frame < self._total_frames:
            parts.append(f"{format_duration(left)} left")
        return parts

    def _print(self, text: str) -> None:
        """Print a line that stays, above the live line if there is one."""
        name = "" if self._live is not None else f"{self.folder.name}: "
        self._console.print(f"{name}{text}", markup=False)


def _format_done(frame: int, total_frames: float) -> str:
    if not math.isfinite(total_frames):
        return f"{format_count(frame)} frames"
    # Rounded down: 100 % means that it is done.
    percentage = math.floor(100 * frame / total_frames) if total_frames else 100
    return f"{percentage:3d}% of {format_count(total_frames)} frames"


def format_count(number: float) -> str:
    """Write a count in at most six characters: 950, 12.3k, 1.50M, 2.00G."""
    if number < 10_000:
        return f"{number:.0f}" if number >= 10 else f"{number:.3g}"
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            scaled = number / factor
            return f"{scaled:.2f}{unit}" if scaled < 10 else f"{scaled:.1f}{unit}"
    raise AssertionError(number)


def format_return(value: float) -> str:
    """Write a return with about three digits: 0.53, -21.0, 4,832."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:,.{digits}f}"


def format_duration(seconds: float) -> str:
    """Write a duration as h:mm:ss, or m:ss below an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
