"""Values of continuous actions by several critics at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.approximation.q_continuous import with_actions
from allcore.core import State


class QEnsemble(Approximation):
    """C critics in one model: `q(states, actions)` gives `[C, N]`, zero where the mask is zero.

    Critics of distributions give `[C, N, K]`, K atoms or quantiles for each.

    Shapes: N the states' own dimensions (none for a single State), A numbers in an action.
    """

    def __init__(
        self, model: nn.Module, optimizer: Optimizer | None = None, *, name: str = "q", **options: Any
    ) -> None:
        """Take a `model` from observation and action, joined `[N, O + A]`, to `[C, N, K]`; a K of 1 is left out.

        Args:
            model: such as `allcore.nn.stacked_fully_connected` makes.
            optimizer: an optimizer over its parameters.
            name: what it is called in logs and file names.
            options: those of `Approximation`.
        """
        super().__init__(_QEnsembleModule(model), optimizer, name=name, **options)


class _QEnsembleModule(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: State, actions: Tensor) -> Tensor:
        values = self.model(with_actions(states, actions))
        values = values.reshape((len(values), *states.shape, values.shape[-1]))  # [C, N, K]
        mask = torch.as_tensor(states.mask, device=values.device)
        return (values * mask.unsqueeze(-1)).squeeze(-1)
