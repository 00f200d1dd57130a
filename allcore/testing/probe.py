"""What all probes share: spaces, how their values are told, and a loop to learn in them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete

from allcore.core import State
from allcore.environments import Environment
from allcore.errors import UsageError
from allcore.testing.environments import SideBySide, Step

if TYPE_CHECKING:
    from gymnasium import Space

    from allcore.agents import Agent, ParallelAgent

    AnyAgent = TypeVar("AnyAgent", bound=Agent | ParallelAgent)

#: The actions whose values are known.
GRID = {"discrete": (0.0, 1.0), "box": (-1.0, -0.5, 0.0, 0.5, 1.0)}

Observation = tuple[float, ...]


def play(agent: AnyAgent, probe: Probe, ticks: int, n_envs: int | None = None, *, seed: int = 0) -> AnyAgent:
    """Let `agent` act and learn for `ticks` ticks, and give it back.

    Args:
        agent: is shown a `State` at each tick, or a `StateArray` `[E]` if `n_envs` is given.
        probe: where.
        ticks: how often it acts, ticks on which an episode starts included.
        n_envs: environments stepped together (E); None for a single one.
        seed: of the probe's random choices.
    """
    env = probe if n_envs is None else probe.duplicate(n_envs)
    state: Any = env.reset(seed)
    for _ in range(ticks):
        state = env.step(agent.act(state))
    return agent


@dataclass(frozen=True)
class Known:
    """What is known about one observation of a probe.

    Attributes:
        observation: three numbers.
        value: what the best policy gets from here; where actions do not matter, every policy.
        action_values: the same after each action: 0 and 1, or -1, -0.5, 0, 0.5 and 1 of all that there are.
    """

    observation: Observation
    value: float
    action_values: dict[float, float]

    @property
    def state(self) -> State:
        """A state with this observation, to ask a network about."""
        return State({"observation": torch.tensor(self.observation)})

    @property
    def best_action(self) -> float | None:
        """The action of the highest value; None if all are alike."""
        if len(set(self.action_values.values())) == 1:
            return None
        return max(self.action_values, key=self.action_values.__getitem__)


class Probe(Environment):
    """The base of all probes: subclasses say how an episode starts, what a step gives, and what is known.

    The state that ends an episode has the observation that came before, so that only a mask tells it is worth nothing.
    """

    observation_space = Box(-1.0, 1.0, (3,), np.float32)
    device = torch.device("cpu")

    def __init__(self, actions: str = "discrete") -> None:
        """Take actions that are one of two (`discrete`) or a number in -1..1 (`box`).

        Raises:
            UsageError: `actions` is neither.
        """
        if actions not in GRID:
            raise UsageError(f"a probe's actions are 'discrete' or 'box', not {actions!r}")
        self.actions = actions
        self._action_space = Discrete(2) if actions == "discrete" else Box(-1.0, 1.0, (1,), np.float32)
        self._generator = np.random.default_rng()
        self._state: State | None = None
        self._observation: Observation = (0.0, 0.0, 0.0)
        self._time = 0  # steps since the episode's start
        self._index = 0  # which environment of a vector this one is

    # ---- what a probe says

    @abstractmethod
    def values(self, discount_factor: float) -> list[Known]:
        """What is known about every observation in which an agent acts."""

    @abstractmethod
    def _step(self, action: float) -> tuple[Observation, Step]:
        """The observation that `action` leads to, and what the step gives."""

    @abstractmethod
    def _start(self) -> Observation:
        """The first observation of an episode."""

    def _known(self, observation: Observation, value: float) -> Known:
        """What is known where actions do not matter."""
        return Known(observation, value, dict.fromkeys(GRID[self.actions], value))

    # ---- what every environment does

    @property
    def name(self) -> str:
        """The class's name."""
        return type(self).__name__

    @property
    def key(self) -> str:
        """What to type to get it again."""
        return f"{type(self).__module__}:{self.name}"

    @property
    def options(self) -> dict[str, Any]:
        """The kind of its actions."""
        return {"actions": self.actions}

    @property
    def action_space(self) -> Space[Any]:
        """One of two, or a number in -1..1."""
        return self._action_space

    @property
    def state(self) -> State:
        """The newest state.

        Raises:
            UsageError: the environment has not been reset yet.
        """
        if self._state is None:
            raise UsageError(f"{self!r} has no state yet.", hint="Call reset() first.")
        return self._state

    def reset(self, seed: int | None = None) -> State:
        """Start an episode; a seed starts the random choices afresh."""
        if seed is not None:
            self._generator = np.random.default_rng(seed)
        self._time = 0
        return self._show(self._start(), Step(reward=0.0))

    def step(self, action: Any) -> State:
        """Take one step; on a done environment start the next episode instead, ignoring the action.

        Raises:
            UsageError: the action is none of the action space's.
        """
        if self.state.done:
            return self.reset()
        number = self._checked(action)
        self._time += 1
        return self._show(*self._step(number))

    def duplicate(self, n: int) -> SideBySide:
        """N of them."""
        probes = [type(self)(**self.options) for _ in range(n)]
        for index, probe in enumerate(probes):
            probe._index = index
        return SideBySide(probes)

    def close(self) -> None:
        """Nothing to free."""

    # ---- private

    def _checked(self, action: Any) -> float:
        """The action as one number; clipped to the bounds where it has bounds, as Gymnasium's environments do it here."""
        tensor = torch.as_tensor(action)
        if tensor.shape != self.action_space.shape or (
            self.actions == "discrete" and tensor.item() not in (0, 1)
        ):
            raise UsageError(f"{tensor.tolist()} is no action of {self.action_space}")
        return float(tensor) if self.actions == "discrete" else float(tensor.clamp(-1.0, 1.0))

    def _show(self, observation: Observation, step: Step) -> State:
        self._observation = observation
        self._state = State(
            {
                "observation": torch.tensor(observation),
                "reward": step.reward,
                "done": step.terminated or step.truncated,
                "mask": 0.0 if step.terminated or step.life_lost else 1.0,
                "life_lost": step.life_lost,
            }
        )
        return self._state
