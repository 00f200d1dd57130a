"""The contract of a logger."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Logger(ABC):
    """Something that a run tells what happens; each method does nothing until a subclass says otherwise.

    A logger is made once for a run with the run's folder. Frames are agent steps. Values may be tensors on any device: a
    logger converts them when it writes, never while the agent learns.
    """

    def __init__(self, folder: Path, verbose: bool = True) -> None:
        """Log the run in `folder`; without `verbose` leave out losses and debugging values."""
        self.folder = folder
        self.verbose = verbose

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
            evaluation: `frame`, `episodes`, `mean`, `std`, `max`, `min`, `mean_length`, and `returns`, a list.
        """

    def flush(self) -> None:
        """Put on disk all that was logged so far."""

    def close(self) -> None:
        """Flush and free what is held. Calling it twice does no harm."""
