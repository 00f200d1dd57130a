"""Values of states."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State
from allcore.nn import RLNetwork


class VNetwork(Approximation):
    """V(s): `v(states)` gives `[N]`, zero where the mask is zero. N: the states' own dimensions."""

    def __init__(
        self, model: nn.Module, optimizer: Optimizer | None = None, *, name: str = "v", **options: Any
    ) -> None:
        """Take a `model` from observations to values `[N, 1]`; `options` are those of `Approximation`."""
        super().__init__(_VModule(model), optimizer, name=name, **options)


class _VModule(RLNetwork):
    def forward(self, states: State) -> Tensor:
        return super().forward(states).squeeze(-1)
