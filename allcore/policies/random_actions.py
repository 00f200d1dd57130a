"""Chance in the actions of agents whose policy is deterministic, or not yet worth following."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from gymnasium.spaces import Box
from torch import Tensor

from allcore.core import State
from allcore.nn import RandomStream, TanhActionBound


class RandomActions:
    """Draws actions within the bounds of an action space. Deviations are in units of half the distance of the bounds.

    Shapes: N the states' own dimensions (none for a single State), A numbers in an action.
    """

    def __init__(
        self, action_space: Box, generator: torch.Generator, device: torch.device | str = "cpu"
    ) -> None:
        """Draw within the bounds of `action_space`.

        Args:
            action_space: the bounds.
            generator: what its own generator is seeded from.
            device: where actions are drawn.

        Raises:
            UsageError: the action space has infinite bounds.
        """
        self._half = TanhActionBound(action_space, device).scale  # complains of infinite bounds
        self._low = torch.as_tensor(action_space.low, dtype=torch.float32, device=device)
        self._high = torch.as_tensor(action_space.high, dtype=torch.float32, device=device)
        self.device = self._low.device
        self._stream = RandomStream(generator)

    def uniform(self, state: State) -> Tensor:
        """Any action for each state, `[N, A]`, where the state lies."""
        shape = (*state.shape, *self._low.shape)
        drawn = torch.rand(shape, generator=self._stream.on(self.device), device=self.device)
        return (self._low + (self._high - self._low) * drawn).to(state.device)

    def around(self, actions: Tensor, deviation: float, at_most: float = math.inf) -> Tensor:
        """`actions` `[N, A]` with Gaussian noise, clipped to the bounds.

        Args:
            actions: actions on this object's device.
            deviation: the noise's standard deviation.
            at_most: the noise itself is clipped to this in either direction.
        """
        noise = torch.randn(actions.shape, generator=self._stream.on(self.device), device=self.device)
        noise = (noise * deviation).clamp(-at_most, at_most)
        return torch.clamp(actions + noise * self._half, self._low, self._high)

    def state_dict(self) -> dict[str, Any]:
        """Where the generator stands."""
        return {"stream": self._stream.get_extra_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._stream.set_extra_state(state["stream"])
