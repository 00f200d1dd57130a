"""Keeps `status.json` up to date, so that others can see how far a run is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allcore.logging import Logger, Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allcore.experiments.run_folder import RunFolder

#: Seconds between two writings of the file.
INTERVAL = 1.0


class StatusLogger(Logger):
    """Writes the run's state, frame, speed and time left once a second.

    Attributes:
        episodes: training episodes that have ended, to be set where a run goes on.
    """

    def __init__(self, folder: RunFolder, frames: float) -> None:
        """Report on the run in `folder`, which will take `frames` agent steps."""
        super().__init__(folder.path)
        self._run_folder = folder
        self._frames = frames
        self.episodes = 0
        self._next = 0.0
        self._rate = Rate()

    def episode(self, episode: Mapping[str, Any]) -> None:
        """Count it."""
        self.episodes = int(episode["episode"])

    def progress(self, frame: int, total_frames: float, seconds: float) -> None:
        """Write the file if the last time is long enough ago.

        Raises:
            LogdirError: the run's folder was removed: whoever goes on would train for nothing.
        """
        if time.monotonic() >= self._next:
            self._rate.update(frame, seconds)
            self._write(frame, self._rate.seconds_left(total_frames))

    def evaluating(self, done: int, episodes: int, frame: int) -> None:
        """Show that the run is alive: an evaluation can take long, and whoever is silent for long is taken for dead."""
        if time.monotonic() >= self._next:
            self._write(frame, None)

    def _write(self, frame: int, left: float | None) -> None:
        self._next = time.monotonic() + INTERVAL
        self._run_folder.check()
        self._run_folder.write_status(
            "running",
            frame=frame,
            frames=self._frames,
            episodes=self.episodes,
            fps=round(self._rate.frames_per_second, 1),
            seconds_left=None if left is None else round(left, 1),
        )
