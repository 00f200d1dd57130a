"""The contract of one environment for several agents that take turns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from gymnasium.spaces import Dict

from allcore.environments.environment import Environment
from allcore.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import torch
    from gymnasium import Space

    from allcore.core import MultiagentState


class MultiagentEnvironment(ABC):
    """One environment for several agents (players) that take turns; it speaks `MultiagentState`.

    The newest state is that of the agent whose turn it is, and `step` takes that agent's action. What one agent is shown,
    turn after turn, is a stream of states like that of any environment:

    - its reward is all that the agent received since its last turn, or since the episode's start;
    - the state in which its part of the episode ends has `done=True` and is its true final observation; the action that
      answers it is ignored; mask is 0 if it was terminated, 1 if it was cut off;
    - its next state is the first of a new episode.

    Some agents' parts may end early, while the others play on. When all have seen their final states the episode is over,
    and the next `step` starts another one.
    """

    #: Emulator frames that one agent step takes.
    frame_skip: int = 1

    @property
    @abstractmethod
    def name(self) -> str:
        """A short name such as `connect_four_v3`, used for run folders."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What to type to get this environment again, such as `pettingzoo:connect_four_v3` or `module:factory`."""

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments beyond the name that make this environment what it is, ready for JSON."""
        return {}

    @property
    @abstractmethod
    def agents(self) -> tuple[str, ...]:
        """The names of all agents that may take part, always in the same order."""

    @abstractmethod
    def observation_space(self, agent: str) -> Space[Any]:
        """The space of one observation of `agent`."""

    @abstractmethod
    def action_space(self, agent: str) -> Space[Any]:
        """The space of one action of `agent`."""

    @property
    def observation_spaces(self) -> Dict:
        """The agents' observation spaces by their names."""
        return Dict([(agent, self.observation_space(agent)) for agent in self.agents])

    @property
    def action_spaces(self) -> Dict:
        """The agents' action spaces by their names."""
        return Dict([(agent, self.action_space(agent)) for agent in self.agents])

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the tensors of this environment's states lie."""

    @property
    @abstractmethod
    def state(self) -> MultiagentState:
        """The newest state: that of the agent whose turn it is.

        Raises:
            UsageError: the environment has not been reset yet.
        """

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether the episode is over: the newest state is the last final one, and the next `step` starts another episode."""

    @abstractmethod
    def is_done(self, agent: str) -> bool:
        """Whether the part of `agent` in this episode has ended, though it may not have seen its final state yet."""

    @abstractmethod
    def reset(self, seed: int | None = None) -> MultiagentState:
        """Start a new episode.

        Args:
            seed: starts every random stream of the environment afresh; later episodes follow from it.
        """

    @abstractmethod
    def step(self, action: Any) -> MultiagentState:
        """Take the action of the agent whose turn it is; where its state is done, the action is ignored.

        Args:
            action: an element of its action space, as a tensor, an array or a number.

        Returns:
            The state of the agent whose turn comes next.
        """

    @abstractmethod
    def duplicate(self) -> MultiagentEnvironment:
        """Another environment like this one."""

    def renderable(self) -> MultiagentEnvironment:
        """An environment like this one whose `render` gives pictures: itself, where that needs nothing."""
        return self

    def render(self) -> np.ndarray | None:
        """The picture of the current state, `[H, W, 3]` uint8, or None if there is none."""
        return None

    def state_dict(self) -> dict[str, Any] | None:
        """All that it takes to find the newest moment again, with tensors and JSON's values; None if that cannot be had."""
        return None

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Find the moment that `state_dict` saved again: from there, the same actions lead to the same states.

        Raises:
            CheckpointError: it cannot be found.
        """
        raise CheckpointError(f"{self!r} cannot be saved, and goes on from nothing")

    @abstractmethod
    def close(self) -> None:
        """Free what the simulator holds. Calling it twice does no harm."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"


#: What a preset can be made for, and a run can be made of.
AnyEnvironment = Environment | MultiagentEnvironment
