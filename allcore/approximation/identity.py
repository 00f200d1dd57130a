"""An approximation of nothing."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from allcore.approximation.approximation import Approximation


class Identity(Approximation):
    """Answers with what it is asked, and has nothing to learn: for agents whose heads share no features."""

    def __init__(self, device: torch.device | str = "cpu", *, name: str = "identity") -> None:
        """Stand for a network on `device`."""
        super().__init__(nn.Identity(), name=name)
        self._device = torch.device(device)

    @property
    def device(self) -> torch.device:
        """The device that it was made with."""
        return self._device

    def step(self, loss: Tensor | None = None) -> Identity:
        """Do nothing: there is nothing to learn."""
        return self
