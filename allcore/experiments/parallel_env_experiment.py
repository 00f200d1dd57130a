"""The control loop of one agent in several environments at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from allcore.errors import UsageError
from allcore.experiments.experiment import Experiment

if TYPE_CHECKING:
    from allcore.core import StateArray
    from allcore.environments import VectorEnvironment


class ParallelEnvExperiment(Experiment):
    """E environments stepped together, one agent that takes a `StateArray`. E is the preset's `n_envs`."""

    _state: StateArray | None = None
    _RUNNING = ("_returns", "_lengths")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what `Experiment` takes, and make the vector of environments.

        Raises:
            UsageError: it is to be shown; only a single environment can be.
        """
        if kwargs.get("render"):
            raise UsageError(
                "Several environments cannot be shown while training.",
                hint="Leave out --render, or watch the trained agent: all watch RUN.",
            )
        super().__init__(*args, **kwargs)
        self._envs = self._env.duplicate(self.preset.n_envs)
        self._returns = np.zeros(self._envs.num_envs)
        self._lengths = np.zeros(self._envs.num_envs, dtype=np.int64)

    def train(self, frames: float = float("inf"), episodes: float = float("inf")) -> None:
        """Train until `frames` agent steps or `episodes` episodes have been done since the experiment began."""
        log, envs = self.log, self._envs
        states = self._state
        if states is None:
            states = envs.reset(self.preset.seeds.integer("environment"))
        while log.frame < frames and log.episodes < episodes:
            actions = self._chosen(states)
            starts_anew = states.done
            states = self._state = envs.step(actions)
            self._count(states, ~starts_anew.cpu().numpy())
            log.tick()

    @property
    def _simulator(self) -> VectorEnvironment:
        return self._envs

    def close(self) -> None:
        """Close the vector of environments."""
        super().close()
        self._envs.close()

    def _count(self, states: StateArray, stepped: np.ndarray) -> None:
        """Add up returns and lengths where a step was really taken (`stepped`, [E])."""
        self.log.frame += int(stepped.sum())
        self._returns += states.reward.cpu().numpy()  # 0 where an episode only began
        self._lengths += stepped
        for index in np.flatnonzero(states.done.cpu().numpy() & stepped):
            self.log.episode(float(self._returns[index]), int(self._lengths[index]), int(index))
            self._returns[index], self._lengths[index] = 0.0, 0
