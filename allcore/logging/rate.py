"""How fast a run goes, and how long it will take."""

from __future__ import annotations

import math
from collections import deque


class Rate:
    """Frames per second over the last while, from which the time left is told.

    Over the whole run would mislead: DQN's first frames are random and fast, the rest is not.

    Args:
        window: seconds that the rate is taken over.
    """

    def __init__(self, window: float = 15.0) -> None:
        self.window = window
        self._samples: deque[tuple[float, float]] = deque()

    def update(self, frame: float, seconds: float) -> None:
        """The run has made `frame` agent steps and taken `seconds` so far."""
        self._samples.append((frame, seconds))
        # The last sample before the window stays, so that the samples always span all of it.
        while len(self._samples) > 2 and self._samples[1][1] <= seconds - self.window:
            self._samples.popleft()

    @property
    def frames_per_second(self) -> float:
        """Agent steps per second; 0 before there is anything to measure."""
        if len(self._samples) < 2:
            return 0.0
        (first_frame, first_seconds), (last_frame, last_seconds) = self._samples[0], self._samples[-1]
        seconds = last_seconds - first_seconds
        return (last_frame - first_frame) / seconds if seconds > 0 else 0.0

    def seconds_left(self, total_frames: float) -> float | None:
        """Seconds until the run has made `total_frames` agent steps, or None when nobody can tell."""
        speed = self.frames_per_second
        if speed <= 0 or not math.isfinite(total_frames):
            return None
        return max(0.0, total_frames - self._samples[-1][0]) / speed
