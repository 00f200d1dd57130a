"""The contract of several environments stepped together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from allcore.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from gymnasium import Space

    from allcore.core import StateArray


class VectorEnvironment(ABC):
    """E environments that speak `StateArray`, with next-step autoreset.

    The row with `done=True` carries the true final observation; the action that answers it is ignored; the row's next
    state is the first of a new episode, with reward 0, `done=False` and mask 1.

    The tensors of a state that was handed out are never written to again: agents and bodies keep references to them.
    """

    #: Emulator frames that one agent step takes (4 on Atari).
    frame_skip: int = 1

    @property
    @abstractmethod
    def name(self) -> str:
        """A short name such as `Breakout`."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What to type to get one of these environments again."""

    @property
    @abstractmethod
    def num_envs(self) -> int:
        """How many environments there are (E)."""

    @property
    @abstractmethod
    def observation_space(self) -> Space[Any]:
        """The space of one environment's observation."""

    @property
    @abstractmethod
    def action_space(self) -> Space[Any]:
        """The space of one environment's action."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the tensors of the states lie."""

    @property
    @abstractmethod
    def state_array(self) -> StateArray:
        """The newest states, `[E]`.

        Raises:
            UsageError: the environments have not been reset yet.
        """

    @abstractmethod
    def reset(self, seed: int | None = None) -> StateArray:
        """Start a new episode in every environment.

        Args:
            seed: starts every random stream afresh; environment i gets its own, derived from it.
        """

    @abstractmethod
    def step(self, actions: Any) -> StateArray:
        """Take one agent step in every environment; those that were done start their next episode instead.

        Args:
            actions: `[E, ...]`, one element of `action_space` for each environment.
        """

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
        """Free what the simulators hold. Calling it twice does no harm."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r}, num_envs={self.num_envs})"
