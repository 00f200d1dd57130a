"""Values of discrete actions by several critics at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State


class QDiscreteEnsemble(Approximation):
    """C critics in one model, each with Q(s, a) for every discrete action a, zero where the mask is zero.

    Shapes: N the states' own dimensions (none for a single State), A actions.

    `q(states)` gives `[C, N, A]`, `q(states, actions)` the values of those actions `[C, N]`; `no_grad`, `eval` and
    `target` take the same arguments.
    """

    def __init__(
        self, model: nn.Module, optimizer: Optimizer | None = None, *, name: str = "q", **options: Any
    ) -> None:
        """Take a `model` from observations `[N, ...]` to values `[C, N, A]`.

        Args:
            model: such as an `allcore.nn.Ensemble`, or what `allcore.nn.stacked_fully_connected` makes.
            optimizer: an optimizer over its parameters.
            name: what it is called in logs and file names.
            options: those of `Approximation`.
        """
        super().__init__(_QDiscreteEnsembleModule(model), optimizer, name=name, **options)


class _QDiscreteEnsembleModule(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: State, actions: Tensor | int | None = None) -> Tensor:
        values = self.model(states.as_input("observation"))
        values = values.reshape((len(values), *states.shape, values.shape[-1]))  # [C, N, A]
        values = values * torch.as_tensor(states.mask, device=values.device).unsqueeze(-1)
        if actions is None:
            return values
        index = torch.as_tensor(actions, device=values.device).expand(values.shape[:-1])
        return values.gather(-1, index.unsqueeze(-1)).squeeze(-1)
