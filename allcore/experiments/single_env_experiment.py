"""The control loop of one agent in one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.experiments.experiment import Experiment

if TYPE_CHECKING:
    from allcore.core import State


class SingleEnvExperiment(Experiment):
    """One environment, one `Agent`."""

    _state: State | None = None
    _return = 0.0
    _length = 0
    _RUNNING = ("_return", "_length")

    def train(self, frames: float = float("inf"), episodes: float = float("inf")) -> None:
        """Train until `frames` agent steps or `episodes` episodes have been done since the experiment began."""
        log, env = self.log, self._env
        state = self._state or env.reset(self.preset.seeds.integer("environment"))
        while log.frame < frames and log.episodes < episodes:
            # The agent sees the final state of every episode too; the environment ignores that action and starts anew.
            action = self._chosen(state)
            starts_anew = state.done
            state = self._state = env.step(action)
            if not starts_anew:
                self._count(state)
            if self._viewer is not None:
                self._viewer.show(env)
            log.tick()

    def _count(self, state: Any) -> None:
        self.log.frame += 1
        self._return += float(state.reward)
        self._length += 1
        if state.done:
            self.log.episode(self._return, self._length)
            self._return, self._length = 0.0, 0
