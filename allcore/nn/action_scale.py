"""Continuous actions in the units of their bounds, without keeping them inside."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium.spaces import Box
from torch import Tensor, nn


class ActionScale(nn.Module):
    """Brings -1..1 to the bounds of an action space: center + scale * x. Numbers beyond stay beyond.

    A Gaussian policy's first step is then as wide in an environment whose actions end at 0.05 as where they end at 2.
    Where a bound is infinite, numbers stay as they are.

    Attributes:
        center: the middle of the bounds, `[A]`.
        scale: half the distance of the bounds, `[A]`.
    """

    center: Tensor
    scale: Tensor

    def __init__(self, action_space: Box) -> None:
        """Take the bounds of `action_space`."""
        super().__init__()
        low, high = np.asarray(action_space.low, np.float64), np.asarray(action_space.high, np.float64)
        finite = np.isfinite(low) & np.isfinite(high)
        low, high = np.where(finite, low, -1.0), np.where(finite, high, 1.0)
        # Not saved: they are the environment's, not learnt.
        for name, value in (("center", (high + low) / 2), ("scale", (high - low) / 2)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`[..., A]` to `[..., A]`."""
        return self.center + self.scale * x
