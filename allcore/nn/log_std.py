"""Standard deviations that are learnt, but are the same in every state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from allcore.nn.device import device_of


class SharedLogStd(nn.Module):
    """Means from a model, and beside them logarithms of standard deviations that no state changes.

    Gives `[N, 2 * A]`, as a `GaussianPolicy` or a `GaussianHead` takes it.

    Source: Schulman et al., Trust region policy optimization (2015), appendix D, and every PPO since.
    """

    def __init__(self, model: nn.Module, initial: Tensor) -> None:
        """Take a `model` that gives means `[N, A]`, and the `initial` logarithms `[A]`."""
        super().__init__()
        self.log_std = nn.Parameter(initial.clone().to(device_of(model)))
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """`[N, ...]` to `[N, 2 * A]`: all means, then all logarithms."""
        means = self.model(x)
        return torch.cat((means, self.log_std.expand_as(means)), dim=-1)
