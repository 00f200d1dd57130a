"""What tells how well values fit what came."""

from __future__ import annotations

import torch
from torch import Tensor

from allcore.memory.returns import weighted_mean


@torch.no_grad()
def explained_variance(values: Tensor, returns: Tensor, weights: Tensor) -> Tensor:
    """How much of the returns' variance the values explain, 0-d.

    1 is all of it, 0 none, and below 0 the values are worse than a constant would be.

    Source: Huang et al. (2022), "The 37 implementation details of proximal policy optimization", detail 12.

    Args:
        values: what was expected, any shape.
        returns: what came, of the same shape.
        weights: of the same shape; a row of weight 0 does not count.
    """
    left = _variance(returns - values, weights)
    return 1 - left / _variance(returns, weights).clamp(min=1e-8)


def _variance(x: Tensor, weights: Tensor) -> Tensor:
    return weighted_mean((x - weighted_mean(x, weights)).square(), weights)
