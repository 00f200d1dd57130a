"""A model that is asked by states."""

from __future__ import annotations

from torch import Tensor, nn

from allcore.core import State


class RLNetwork(nn.Module):
    """Asks a model by states instead of observations.

    The answer has the states' leading dimensions and is zero where their mask is zero.
    """

    def __init__(self, model: nn.Module) -> None:
        """Take a `model` from observations `[N, ...]` to answers `[N, ...]`."""
        super().__init__()
        self.model = model

    def forward(self, states: State) -> Tensor:
        """The masked answer for `states`."""
        return states.apply(self.model, "observation")
