"""Environments whose every step is written down beforehand, to hold control loops, bodies and replay against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete

from allcore.core import State, StateArray
from allcore.environments import Environment, VectorEnvironment
from allcore.seeding import Seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gymnasium import Space


@dataclass(frozen=True)
class Step:
    """What one step gives.

    Attributes:
        reward: the reward.
        terminated: the episode ends and there is nothing to bootstrap from.
        truncated: the episode is cut off.
        life_lost: a life is lost in a game that goes on.
    """

    reward: float = 1.0
    terminated: bool = False
    truncated: bool = False
    life_lost: bool = False


class ScriptedEnvironment(Environment):
    """Plays the given episodes in order, round and round, whatever the actions.

    The observation is `[episode, step]`: which of the episodes played so far (from 0), and the step in it (0 at its start).
    """

    def __init__(self, episodes: Sequence[Sequence[Step]], first: int = 0) -> None:
        """Play `episodes`, beginning with number `first`.

        Raises:
            ValueError: an episode does not end with its last step, or ends before.
        """
        for number, episode in enumerate(episodes):
            ends = [step.terminated or step.truncated for step in episode]
            if not ends or ends.index(True) != len(ends) - 1:
                raise ValueError(f"episode {number} must end with its last step and not before")
        self.episodes = [list(episode) for episode in episodes]
        self.actions: list[Any] = []
        self.resets = 0
        self._first = first
        self._played = -1
        self._time = 0
        self._state: State | None = None

    name = "Scripted"
    key = "allcore.testing.environments:ScriptedEnvironment"
    device = torch.device("cpu")
    observation_space = Box(0.0, np.inf, (2,), np.float32)
    action_space = Discrete(2)

    @property
    def state(self) -> State:
        """The newest state."""
        assert self._state is not None, "call reset first"
        return self._state

    def reset(self, seed: int | None = None) -> State:
        """Start the next episode."""
        self.resets += 1
        self._played += 1
        self._time = 0
        return self._show(Step(reward=0.0))

    def step(self, action: Any) -> State:
        """The next step of the script; the start of the next episode if this one is done."""
        if self.state.done:
            return self.reset()
        self.actions.append(int(action))
        episode = self.episodes[(self._first + self._played) % len(self.episodes)]
        step = episode[self._time]
        self._time += 1
        return self._show(step)

    def duplicate(self, n: int) -> ScriptedVectorEnvironment:
        """N of them; number i begins i episodes further on."""
        return ScriptedVectorEnvironment(self.episodes, n, self._first)

    def close(self) -> None:
        """Nothing to free."""

    def _show(self, step: Step) -> State:
        self._state = State(
            {
                "observation": torch.tensor([float(self._played), float(self._time)]),
                "reward": step.reward,
                "done": step.terminated or step.truncated,
                "mask": 0.0 if step.terminated else 1.0,
                "life_lost": step.life_lost,
            }
        )
        return self._state


class SideBySide(VectorEnvironment):
    """Environments of one process as a vector, stepped one after the other."""

    def __init__(self, envs: Sequence[Environment]) -> None:
        """Take `envs`, which must be alike."""
        self.envs = list(envs)
        self._states: StateArray | None = None

    @property
    def name(self) -> str:
        """The first one's name, as with everything in which they are alike."""
        return self.envs[0].name

    @property
    def key(self) -> str:
        """What to type to get one of them again."""
        return self.envs[0].key

    @property
    def num_envs(self) -> int:
        """How many there are."""
        return len(self.envs)

    @property
    def observation_space(self) -> Space[Any]:
        """The space of one environment's observation."""
        return self.envs[0].observation_space

    @property
    def action_space(self) -> Space[Any]:
        """The space of one environment's action."""
        return self.envs[0].action_space

    @property
    def device(self) -> torch.device:
        """Where the tensors of the states lie."""
        return self.envs[0].device

    @property
    def state_array(self) -> StateArray:
        """The newest states."""
        assert self._states is not None, "call reset first"
        return self._states

    def reset(self, seed: int | None = None) -> StateArray:
        """Start the next episode everywhere; environment 0 gets `seed` itself, the others get seeds derived from it."""
        seeds = [seed] * self.num_envs
        if seed is not None:
            seeds[1:] = [Seeds(seed).integer("environment", index) for index in range(1, self.num_envs)]
        self._states = State.array([env.reset(each) for env, each in zip(self.envs, seeds, strict=True)])
        return self._states

    def step(self, actions: Any) -> StateArray:
        """One step everywhere."""
        self._states = State.array([env.step(action) for env, action in zip(self.envs, actions, strict=True)])
        return self._states

    def close(self) -> None:
        """Close all of them."""
        for env in self.envs:
            env.close()


class ScriptedVectorEnvironment(SideBySide):
    """Several scripted environments side by side."""

    envs: list[ScriptedEnvironment]  # type: ignore[assignment]

    def __init__(self, episodes: Sequence[Sequence[Step]], num_envs: int, first: int = 0) -> None:
        """Environment i begins with episode `first + i`."""
        super().__init__([ScriptedEnvironment(episodes, first + index) for index in range(num_envs)])
