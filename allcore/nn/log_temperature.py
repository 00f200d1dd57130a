"""How much entropy is worth beside rewards, as something that is learnt."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from allcore.errors import HyperparameterError


class LogTemperature(nn.Module):
    """One number: log alpha. Learnt as a logarithm, the temperature alpha stays positive and its steps are relative.

    Source: Haarnoja et al., Soft actor-critic algorithms and applications (2018), section 5; the logarithm is that of
    the authors' code.
    """

    def __init__(self, initial: float = 1.0) -> None:
        """Begin at alpha = `initial`.

        Raises:
            HyperparameterError: `initial` is not positive.
        """
        super().__init__()
        if not initial > 0:
            raise HyperparameterError(
                f"a temperature cannot begin at {initial}: it must be above 0, as its logarithm is learnt"
            )
        self.log_alpha = nn.Parameter(torch.tensor(math.log(initial)))

    def forward(self) -> Tensor:
        """The logarithm, a tensor without dimensions."""
        # A copy, because the parameter itself would draw gradients even where none are asked for (torch.no_grad).
        return self.log_alpha.clone()
