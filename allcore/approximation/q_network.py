"""Values of discrete actions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State
from allcore.nn import RLNetwork


class QNetwork(Approximation):
    """Q(s, a) for every discrete action a, zero for states whose mask is zero.

    Shapes: N the states' own dimensions (none for a single State), A actions.

    `q(states)` gives `[N, A]`, `q(states, actions)` the values of those actions `[N]`; `no_grad`, `eval` and
    `target` take the same arguments.
    """

    def __init__(
        self, model: nn.Module, optimizer: Optimizer | None = None, *, name: str = "q", **options: Any
    ) -> None:
        """Take a `model` from observations to A values; `options` are those of `Approximation`."""
        super().__init__(_QModule(model), optimizer, name=name, **options)
        self._values = model

    def action_values(self, states: State) -> Tensor:
        """Values for choosing an action, `[N, A]`: without gradients and without the mask.

        A lost life has mask zero, but the game goes on and the best action is still wanted.
        """
        with torch.no_grad():
            return states.to(self.device).apply_unmasked(self._values, "observation").to(states.device)


class _QModule(RLNetwork):
    def forward(self, states: State, actions: Tensor | int | None = None) -> Tensor:
        values = super().forward(states)
        if actions is None:
            return values
        index = torch.as_tensor(actions, device=values.device).unsqueeze(-1)
        return values.gather(-1, index).squeeze(-1)
