"""What a control loop tells its logger about episodes and progress."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allcore.errors import CheckpointError
from allcore.experiments.statistics import summarise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allcore.logging import Logger

#: Training episodes in one row of returns100.csv, as in the seed's file.
EPISODES_PER_SUMMARY = 100

#: Seconds between two reports of progress: often enough for a live line, too seldom to cost anything.
PROGRESS_INTERVAL = 0.1


class TrainingLog:
    """Counts frames and episodes of a training run and passes on what loggers are told of."""

    def __init__(self, logger: Logger, total_frames: float, frame_skip: int = 1) -> None:
        """Report to `logger`.

        Args:
            logger: told of everything.
            total_frames: where the run will end, in agent steps.
            frame_skip: emulator frames per agent step.
        """
        self.frame = 0
        self.episodes = 0
        self._logger = logger
        self._total_frames = total_frames
        self._frame_skip = frame_skip
        self._recent: list[float] = []
        self._start = time.perf_counter()
        self._next_progress = self._start

    def episode(self, total_return: float, length: int, env: int = 0) -> None:
        """A training episode ended: its raw return, its length in agent steps, the index of its environment."""
        self.episodes += 1
        self._logger.episode(
            {
                "frame": self.frame,
                "episode": self.episodes,
                "env": env,
                "return": total_return,
                "length": length,
                "seconds": time.perf_counter() - self._start,
            }
        )
        self._recent.append(total_return)
        if len(self._recent) == EPISODES_PER_SUMMARY:
            self._summarise()

    def tick(self) -> None:
        """A step was taken; report progress if it is time to."""
        now = time.perf_counter()
        if now >= self._next_progress:
            self._next_progress = now + PROGRESS_INTERVAL
            self.report()

    def report(self) -> None:
        """Say how far the training is."""
        self._logger.progress(self.frame, self._total_frames, time.perf_counter() - self._start)

    def leave_out(self, seconds: float) -> None:
        """Do not count the last `seconds` as training: they went into an evaluation."""
        self._start += seconds

    def finish(self) -> None:
        """Summarise the episodes since the last hundred, and put everything on disk."""
        self.report()
        if self._recent:
            self._summarise()
        self._logger.flush()

    def state_dict(self) -> dict[str, Any]:
        """Counts, the returns that are not summarised yet, and the seconds of training so far."""
        return {
            "frame": self.frame,
            "episodes": self.episodes,
            "recent": list(self._recent),
            "seconds": time.perf_counter() - self._start,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave.

        Raises:
            CheckpointError: it counts no frames or no episodes.
        """
        frame, episodes = state["frame"], state["episodes"]
        if not (type(frame) is type(episodes) is int and frame >= 0 <= episodes):
            raise CheckpointError(f"a training cannot have had {frame!r} frames and {episodes!r} episodes")
        self.frame, self.episodes = frame, episodes
        self._recent = list(state["recent"])
        self._start = time.perf_counter() - state["seconds"]

    def _summarise(self) -> None:
        self._logger.summary("returns100", summarise(self._recent), self.frame)
        self._logger.scalar("timing/fps", self.frame / (time.perf_counter() - self._start), self.frame)
        if self._frame_skip > 1:
            self._logger.scalar("emulator_frames", self.frame * self._frame_skip, self.frame)
        self._recent.clear()
