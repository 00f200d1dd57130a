"""What tells how well values fit what came."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from allcore.memory.returns import weighted_mean


@torch.no_grad()
def explained_variance(values: Tensor, returns: Tensor, weights: Tensor) -> Tensor:
    """How much of the returns' variance the values explain, 0-d.

    1 is all of it, 0 none, and below 0 the values are worse than a constant would be. NaN where all returns that count are the
    same, or none counts: there is nothing to explain.

    Source: Huang et al. (2022), "The 37 implementation details of proximal policy optimization", detail 12.

    Args:
        values: what was expected, any shape.
        returns: what came, of the same shape.
        weights: of the same shape; a row of weight 0 does not count.
    """
    left = _variance(returns - values, weights)
    explained = 1 - left / _variance(returns, weights)
    # By the returns themselves, because rounding leaves a little variance to numbers that are all the same.
    low = torch.where(weights > 0, returns, math.inf).min()
    high = torch.where(weights > 0, returns, -math.inf).max()
    return torch.where(low < high, explained, math.nan)


def _variance(x: Tensor, weights: Tensor) -> Tensor:
    return weighted_mean((x - weighted_mean(x, weights)).square(), weights)
