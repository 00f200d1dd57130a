"""Curves for TensorBoard."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allcore.logging.logger import Logger
from allcore.logging.values import Pending, detach, to_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from allcore.logging.event_file import EventFile

_Scalar = tuple[str, Any, int, float]  # tag, value, frame, wall time


class TensorBoardLogger(Logger):
    """Writes event files that `tensorboard --logdir runs` shows; steps are frames (agent steps).

    - `episode/return` and `episode/length`: each training episode.
    - `returns100/mean`, `/std`, `/max`, `/min`: each 100 training returns.
    - `evaluation/mean` and so on: each evaluation.
    - whatever scalars and, in a verbose run, losses and schedules the agent logs, under their own names.

    Values are written about once per second. A run that is continued starts another event file.
    """

    def __init__(self, folder: Path, verbose: bool = True) -> None:
        super().__init__(folder, verbose)
        self._file: EventFile | None = None
        self._after: int | None = None
        self._pending: Pending[_Scalar] = Pending(self._write)

    def rewind(self, frame: int) -> None:
        """Tell TensorBoard to forget later frames."""
        self.close()
        if any(self.folder.glob("events.out.tfevents.*")):
            self._after = frame

    def scalar(self, name: str, value: Any, frame: int) -> None:
        """Add a point to the curve `name`."""
        self._pending.add((name, detach(name, value), frame, time.time()))

    def debug(self, name: str, value: Any, frame: int) -> None:
        """Add a point to the curve `name`, in a verbose run."""
        if self.verbose:
            self.scalar(name, value, frame)

    def episode(self, episode: Mapping[str, Any]) -> None:
        """Add a point to the curves of episodes."""
        for key in ("return", "length"):
            self.scalar(f"episode/{key}", episode[key], episode["frame"])

    def summary(self, name: str, summary: Mapping[str, float], frame: int) -> None:
        """Add a point to `<name>/mean` and so on."""
        for key, value in summary.items():
            self.scalar(f"{name}/{key}", value, frame)

    def evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """Add a point to the curves of evaluations."""
        for key in ("mean", "std", "max", "min", "mean_length"):
            self.scalar(f"evaluation/{key}", evaluation[key], evaluation["frame"])

    def progress(self, frame: int, total_frames: float, seconds: float) -> None:
        """Write what is due."""
        self._pending.write_if_due()

    def flush(self) -> None:
        """Write the values that wait, and put all of them on disk."""
        self._pending.write()
        if self._file is not None:
            self._file.to_disk()

    def close(self) -> None:
        """Write the values that wait and close the file; a later value starts another."""
        self._pending.write()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, scalars: list[_Scalar]) -> None:
        if self._file is None:
            # Imported here: an agent with a logger that is never used should not wait for it.
            from allcore.logging.event_file import EventFile

            self._file = EventFile(self.folder, after=self._after)
            self._after = None
        self._file.add_scalars((tag, to_number(value), frame, wall) for tag, value, frame, wall in scalars)
