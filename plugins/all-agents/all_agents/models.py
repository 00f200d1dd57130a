"""Features of vector observations, and what a preset asks of an environment's spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from gymnasium.spaces import Box


class Bounded(nn.Module):
    """Observations [N, D] with every feature that has bounds brought to -1..1; the others stay as they are.

    A pole's angle of 0.2 and a cart's position of 2.4 then weigh alike at first. Bounds further apart than 20 only say what cannot
    happen, and come to -10..10: the speeds of Acrobot's arms, bounded by 9 pi, are mostly below 3 and would be all but lost.
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
        scale = torch.where(
            bounded, torch.where(high - low > _WIDE, 20 / (high - low), 2 / (high - low)), 1.0
        )
        self.register_buffer("center", center.float())
        self.register_buffer("scale", scale.float())

    def forward(self, observations: Tensor) -> Tensor:
        """Bring `observations` to scale."""
        return (observations - self.center) * self.scale


#: Bounds further apart than this are not where the numbers lie. With Acrobot's speeds brought to -1..1 one of three seeds of
#: `classic.dqn` did not learn: docs/decisions/2026-11-22-our-own-settings.md.
_WIDE = 20.0

#: Bounds further apart than this only say that a number is a float.
_HUGE = 1e6


def vector_features(observation_space: Box) -> nn.Module:
    """Features [N, D] of observations [N, D]: those with bounds brought to -1..1, very wide ones to -10..10.

    Args:
        observation_space: a vector of D numbers.
    """
    return Bounded(observation_space)


def tile_features(observation_space: Box) -> nn.Module:
    """Features [N, 8 * 9**D] of observations [N, D] with finite bounds: the tiles of 8 shifted grids of 8 parts a side.

    For a few dimensions. As many grids and parts as in Sutton and Barto (2018), example 10.1.

    Args:
        observation_space: a vector of D numbers.

    Raises:
        HyperparameterError: there are no bounds, or too many dimensions.
    """
    from allcore.nn import TileCoding

    return TileCoding(observation_space, tilings=8, tiles=8)


def needs_tiles_and_discrete(observation_space: Any, action_space: Any) -> str | None:
    """What keeps these spaces from being a vector that `tile_features` can cover and a choice of actions; None if nothing."""
    from allcore.errors import HyperparameterError

    if problem := needs_vector_and_discrete(observation_space, action_space):
        return problem
    try:
        tile_features(observation_space)
    except HyperparameterError as error:
        return error.message
    return None


def needs_vector_and_discrete(observation_space: Any, action_space: Any) -> str | None:
    """What keeps these spaces from being a vector of numbers and a choice of actions; None if nothing does."""
    from gymnasium.spaces import Discrete

    if problem := _needs_vector(observation_space):
        return problem
    if not isinstance(action_space, Discrete):
        return f"its actions are {action_space}, and the agent chooses one of several (Discrete)."
    return None


def needs_vectors(observation_space: Any, action_space: Any) -> str | None:
    """What keeps these spaces from being vectors of numbers, with bounds or without; None if nothing does."""
    from gymnasium.spaces import Box

    if problem := _needs_vector(observation_space):
        return problem
    if not (isinstance(action_space, Box) and len(action_space.shape) == 1):
        return f"its actions are {action_space}, and the agent's are vectors of numbers (Box)."
    return None


def needs_vector_and_box(observation_space: Any, action_space: Any) -> str | None:
    """What keeps these spaces from being vectors of numbers, with bounds for the actions; None if nothing does."""
    import numpy as np

    if problem := needs_vectors(observation_space, action_space):
        return problem
    if not (np.isfinite(action_space.low).all() and np.isfinite(action_space.high).all()):
        return f"its actions are {action_space}, which has no finite bounds."
    return None


def _needs_vector(observation_space: Any) -> str | None:
    from gymnasium.spaces import Box

    if isinstance(observation_space, Box) and len(observation_space.shape) == 1:
        return None
    return f"its observations are {observation_space}, and the preset's network takes a vector of numbers."
