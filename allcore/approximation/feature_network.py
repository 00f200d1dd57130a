"""Features that several heads share."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State


class FeatureNetwork(Approximation):
    """`f(states)` gives the same states with features as their observation; gradients flow through them.

    The other entries, the mask among them, are left as they are: heads on top of the features apply the mask.
    """

    def __init__(
        self, model: nn.Module, optimizer: Optimizer | None = None, *, name: str = "feature", **options: Any
    ) -> None:
        """Take a `model` from observations to features `[N, ...]`; `options` are those of `Approximation`."""
        super().__init__(_FeatureModule(model), optimizer, name=name, **options)


class _FeatureModule(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: State) -> State:
        features: State = states.update("observation", states.apply_unmasked(self.model, "observation"))
        return features
