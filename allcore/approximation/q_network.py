"""Values of discrete actions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State, only_legal


class QNetwork(Approximation):
    """Q(s, a) for every discrete action a, zero for states whose mask is zero.

    Shapes: N the states' own dimensions (none for a single State), A actions.

    `q(states)` gives `[N, A]`, `q(states, actions)` the values of those actions `[N]`; `no_grad`, `eval` and
    `target` take the same arguments. Among all actions, illegal ones are worth less than any other (`only_legal`).
    """

    def __init__(
        self, model: nn.Module, optimizer: Optimizer | None = None, *, name: str = "q", **options: Any
    ) -> None:
        """Take a `model` from observations to A values; `options` are those of `Approximation`."""
        super().__init__(_QModule(model), optimizer, name=name, **options)
        self._values = model

    def action_values(self, states: State) -> Tensor:
        """Values for choosing an action, `[N, A]`: without gradients, nor the mask: after a lost life the game goes on."""
        with torch.no_grad():
            values = states.to(self.device).apply_unmasked(self._values, "observation").to(states.device)
            return only_legal(states, values)


class _QModule(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: State, actions: Tensor | int | None = None) -> Tensor:
        values = states.apply_unmasked(self.model, "observation")
        if actions is None:
            return states.apply_mask(only_legal(states, values))
        index = torch.as_tensor(actions, device=values.device).unsqueeze(-1)
        return states.apply_mask(values.gather(-1, index).squeeze(-1))
