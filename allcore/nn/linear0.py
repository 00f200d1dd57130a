"""A linear layer that begins at zero."""

from __future__ import annotations

from torch import nn


class Linear0(nn.Linear):
    """A linear layer whose weights and biases begin at zero, so that values begin at 0 and policies uniform."""

    def reset_parameters(self) -> None:
        """Set weights and biases to zero."""
        nn.init.zeros_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
