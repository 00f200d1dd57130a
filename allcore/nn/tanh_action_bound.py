"""Keeping continuous actions within their bounds."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium.spaces import Box
from torch import Tensor, nn

from allcore.errors import UsageError


class TanhActionBound(nn.Module):
    """Squashes any number into the bounds of an action space: center + scale * tanh(x).

    What rounding takes past a bound is brought back to it. That is only where tanh has as good as no gradient left.

    Attributes:
        center: the middle of the bounds, `[A]`.
        scale: half the distance of the bounds, `[A]`.
        low: the lower bounds, `[A]`.
        high: the upper bounds, `[A]`.
    """

    center: Tensor
    scale: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, action_space: Box, device: torch.device | str = "cpu") -> None:
        """Take the bounds of `action_space`, for a network on `device`.

        Raises:
            UsageError: a bound is infinite.
        """
        super().__init__()
        low, high = np.asarray(action_space.low, np.float64), np.asarray(action_space.high, np.float64)
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise UsageError(
                f"actions of {action_space} have no finite bounds to squash them into",
                hint="Use a policy without bounds (GaussianPolicy without an action space).",
            )
        # Not saved: they are the environment's, not learnt.
        values = {"center": (high + low) / 2, "scale": (high - low) / 2, "low": low, "high": high}
        for name, value in values.items():
            tensor = torch.tensor(value, dtype=torch.float32, device=device)
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Actions `[..., A]` within the bounds (as float32), from any numbers `[..., A]`."""
        return (self.center + self.scale * torch.tanh(x)).clamp(self.low, self.high)
