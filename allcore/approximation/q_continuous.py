"""Values of continuous actions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State


class QContinuous(Approximation):
    """Q(s, a) for actions that are vectors: `q(states, actions)` gives `[N]`, zero where the mask is zero.

    Shapes: N the states' own dimensions (none for a single State), A numbers in an action.
    """

    def __init__(
        self, model: nn.Module, optimizer: Optimizer | None = None, *, name: str = "q", **options: Any
    ) -> None:
        """Take a `model` from observation and action, joined `[N, O + A]`, to values `[N, 1]`."""
        super().__init__(_QContinuousModule(model), optimizer, name=name, **options)


class _QContinuousModule(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: State, actions: Tensor) -> Tensor:
        observations = states.as_input("observation").flatten(1)
        joined = torch.cat((observations, actions.reshape(len(observations), -1)), dim=1)
        return states.apply_mask(states.as_output(self.model(joined).squeeze(-1)))
