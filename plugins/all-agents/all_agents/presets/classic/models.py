"""Networks for vector observations."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from gymnasium.spaces import Box, Discrete


def q_network(observation_space: Box, action_space: Discrete, hidden: tuple[int, ...]) -> nn.Module:
    """Action values [N, A] of observations [N, D]: fully connected, ReLU between the layers.

    Args:
        observation_space: a vector of D numbers.
        action_space: A actions.
        hidden: width of each hidden layer.
    """
    widths = [observation_space.shape[0], *hidden]
    layers: list[nn.Module] = []
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
