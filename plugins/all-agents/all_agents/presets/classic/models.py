"""Networks for vector observations."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from gymnasium.spaces import Box, Discrete


class Bounded(nn.Module):
    """Observations [N, D] with every feature that has bounds brought to -1..1; the others stay as they are.

    A pole's angle of 0.2 and a cart's position of 2.4 then weigh alike at first.
    """

    center: Tensor
    scale: Tensor

    def __init__(self, observation_space: Box) -> None:
        """Take the bounds of `observation_space`."""
        super().__init__()
        low = torch.as_tensor(observation_space.low, dtype=torch.float64)
        high = torch.as_tensor(observation_space.high, dtype=torch.float64)
        bounded = torch.isfinite(low) & torch.isfinite(high) & (high > low) & (high - low < _HUGE)
        center = torch.where(bounded, (low + high) / 2, 0.0)
        scale = torch.where(bounded, 2 / (high - low), 1.0)
        self.register_buffer("center", center.float())
        self.register_buffer("scale", scale.float())

    def forward(self, observations: Tensor) -> Tensor:
        """Bring `observations` to scale."""
        return (observations - self.center) * self.scale


#: Bounds further apart than this only say that a number is a float.
_HUGE = 1e6


def q_network(observation_space: Box, action_space: Discrete, hidden: tuple[int, ...]) -> nn.Module:
    """Action values [N, A] of observations [N, D]: bounded features to -1..1, then fully connected with ReLU.

    Args:
        observation_space: a vector of D numbers.
        action_space: A actions.
        hidden: width of each hidden layer.
    """
    widths = [observation_space.shape[0], *hidden]
    layers: list[nn.Module] = [Bounded(observation_space)]
    for width_in, width_out in pairwise(widths):
        layers += [nn.Linear(width_in, width_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], int(action_space.n)))


def needs_vector_and_discrete(observation_space: Any, action_space: Any) -> str | None:
    """What keeps these spaces from being a vector of numbers and a choice of actions; None if nothing does."""
    from gymnasium.spaces import Box, Discrete

    if not (isinstance(observation_space, Box) and len(observation_space.shape) == 1):
        return (
            f"its observations are {observation_space}, and the preset's network takes a vector of numbers."
        )
    if not isinstance(action_space, Discrete):
        return f"its actions are {action_space}, and the agent chooses one of several (Discrete)."
    return None
