"""The contract of a logger."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Logger(ABC):
    """Something that a run tells what happens; each method does nothing until a subclass says otherwise.

    A logger is made once for a run with the run's folder, and goes on with the files that it finds there: it never
    empties one. Frames are agent steps. Values are numbers or tensors of one element, on any device: a logger may
    convert them as late as when it writes, so whoever logs a tensor must not overwrite it in place afterwards.
    """

    def __init__(self, folder: Path, verbose: bool = True) -> None:
        """Log the run in `folder`; without `verbose` leave out losses and debugging values."""
        self.folder = folder
        self.verbose = verbose

    def rewind(self, frame: int) -> None:
        """Forget what was logged after `frame`, because the run starts again from there.

        A killed run had gone beyond the checkpoint that it continues from; without this its last stretch would stand
        in the files twice. Called before anything else is logged; `rewind(0)` forgets everything but frame 0.
        """

    def scalar(self, name: str, value: Any, frame: int) -> None:
        """A value worth keeping in every run, such as frames per second."""

    def debug(self, name: str, value: Any, frame: int) -> None:
        """A loss, a schedule or another value that only `verbose` runs keep."""

    def episode(self, episode: Mapping[str, Any]) -> None:
        """A training episode ended.

        Args:
            episode: `frame` (agent steps of the run so far), `episode` (counted from 1), `env` (index of the
                environment), `return` (raw, undiscounted), `length` (agent steps), `seconds` (since the run began).
        """

    def summary(self, name: str, summary: Mapping[str, float], frame: int) -> None:
        """`mean`, `std`, `max` and `min` of the values called `name`; `returns100` is that of 100 episodes' returns."""

    def evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """An evaluation ended.

        Args:
            evaluation: `frame`, `episodes`, `mean`, `std`, `max`, `min`, `mean_length` (agent steps), and
                the lists `returns` (raw, undiscounted) and `lengths`, one entry per episode in the order of their start.
        """

    def progress(self, frame: int, total_frames: float, seconds: float) -> None:
        """The run goes on. The control loop calls this at most about ten times per second, whatever its speed.

        Args:
            frame: agent steps of the run so far.
            total_frames: agent steps of the whole run; infinite for a run that something else ends.
            seconds: time that this process has spent on the run so far.
        """

    def evaluating(self, done: int, episodes: int, frame: int) -> None:
        """An evaluation at `frame` goes on: `done` of `episodes` episodes have ended. Called as rarely as `progress`."""

    def flush(self) -> None:
        """Put on disk all that was logged so far."""

    def close(self) -> None:
        """Flush and free what is held. Calling it twice does no harm."""
