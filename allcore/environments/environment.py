"""The contract of one environment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from allcore.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import torch
    from gymnasium import Space

    from allcore.core import State
    from allcore.environments.vector_environment import VectorEnvironment


class Environment(ABC):
    """One environment that speaks `State`.

    Episodes follow one another without a gap: the state with `done=True` carries the true final observation, and the
    next `step` (its action is ignored) or `reset` gives the first state of a new episode, with reward 0.

    The tensors of a state that was handed out are never written to again: agents and bodies keep references to them.
    """

    #: Emulator frames that one agent step takes (4 on Atari).
    frame_skip: int = 1

    @property
    @abstractmethod
    def name(self) -> str:
        """A short name such as `Breakout`, used for run folders."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What to type to get this environment again, such as `atari:Breakout` or `module:factory`."""

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments beyond the name that make this environment what it is, ready for JSON."""
        return {}

    @property
    @abstractmethod
    def observation_space(self) -> Space[Any]:
        """The space of one observation."""

    @property
    @abstractmethod
    def action_space(self) -> Space[Any]:
        """The space of one action."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the tensors of this environment's states lie."""

    @property
    @abstractmethod
    def state(self) -> State:
        """The newest state.

        Raises:
            UsageError: the environment has not been reset yet.
        """

    @abstractmethod
    def reset(self, seed: int | None = None) -> State:
        """Start a new episode.

        Args:
            seed: starts every random stream of the environment afresh; later episodes follow from it.
        """

    @abstractmethod
    def step(self, action: Any) -> State:
        """Take one agent step; on a done environment start the next episode instead, ignoring the action.

        Args:
            action: an element of `action_space`, as a tensor, an array or a number.
        """

    @abstractmethod
    def duplicate(self, n: int) -> VectorEnvironment:
        """The fastest vector of `n` environments like this one.

        One environment and a vector of one give the same trajectories for the same seed and actions.
        """

    def renderable(self) -> Environment:
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

    @property
    def reward(self) -> float:
        """The reward of the newest state."""
        return float(self.state.reward)

    @property
    def done(self) -> bool:
        """Whether the newest state ended an episode."""
        return bool(self.state.done)

    @property
    def mask(self) -> float:
        """0.0 if the newest state is terminal, else 1.0."""
        return float(self.state.mask)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"
