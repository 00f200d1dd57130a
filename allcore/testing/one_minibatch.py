"""A replay buffer with one minibatch in it, to hold an agent's update against one that was worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from allcore.core import State, StateArray
from allcore.memory import ReplayBuffer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from allcore.memory.replay_buffer import Sample


class OneMinibatch(ReplayBuffer):
    """Gives the same transitions at every draw, however many are asked for, and keeps what it is told.

    Letters: N transitions.

    Attributes:
        priorities: those of `update_priorities`, one tensor `[N]` for each call.
    """

    def __init__(
        self,
        observations: ArrayLike,
        actions: ArrayLike,
        rewards: ArrayLike,
        next_observations: ArrayLike,
        *,
        masks: ArrayLike | None = None,
        steps: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> None:
        """Take the transitions; floating point numbers become float32.

        Args:
            observations: `[N, ...]`.
            actions: `[N, ...]`.
            rewards: `[N]`, summed over `steps`.
            next_observations: `[N, ...]`.
            masks: `[N]`, 0 where there is nothing to bootstrap from; ones if left out.
            steps: `[N]`, agent steps from a state to its next state; ones if left out.
            weights: `[N]`, of the transitions in the loss; ones if left out.
        """
        self._actions = _tensor(actions)
        self._rewards = _floats(rewards)
        shape = self._rewards.shape
        ones = torch.ones(shape)
        self._weights = ones if weights is None else _floats(weights)
        self._states = StateArray({"observation": _tensor(observations)}, shape)
        next_entries = {
            "observation": _tensor(next_observations),
            "reward": self._rewards,
            "mask": ones if masks is None else _floats(masks),
            "steps": ones if steps is None else _floats(steps),
        }
        self._next_states = StateArray(next_entries, shape)
        self.priorities: list[Tensor] = []
        self._stored = 0

    def sample(self, batch_size: int) -> Sample:
        """The transitions, all of them."""
        return self._states, self._actions, self._rewards, self._next_states, self._weights

    def update_priorities(self, priorities: Tensor) -> None:
        """Keep `priorities`."""
        self.priorities.append(priorities)

    def store(self, state: State | None, action: Any, next_state: State) -> None:
        """Count an agent step; the transition itself is let go."""
        self._stored += state is not None

    def __len__(self) -> int:
        return len(self._rewards)

    @property
    def stored(self) -> int:
        """How often a transition was stored."""
        return self._stored

    def state_dict(self) -> dict[str, Any]:
        """How often a transition was stored."""
        return {"stored": self._stored}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on counting from there."""
        self._stored = state["stored"]


def _floats(numbers: ArrayLike) -> Tensor:
    return torch.as_tensor(numbers, dtype=torch.float32)


def _tensor(numbers: ArrayLike) -> Tensor:
    tensor = torch.as_tensor(numbers)
    return tensor.float() if tensor.is_floating_point() else tensor
