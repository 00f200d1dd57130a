"""Values of continuous actions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State
from allcore.errors import UsageError


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
        values = self.model(with_actions(states, actions))
        return states.apply_mask(states.as_output(values.squeeze(-1)))


def with_actions(states: State, actions: Tensor) -> Tensor:
    """Observations and `actions` `[N, A]` side by side as one batch, `[N, O + A]`.

    Raises:
        UsageError: there is not one action for each state.
    """
    if actions.shape[: len(states.shape)] != states.shape:
        raise UsageError(
            f"actions of shape {list(actions.shape)} are not one for each of states of shape {list(states.shape)}",
            hint="give actions [N, A], with the states' own dimensions N first",
        )
    observations = states.as_input("observation").flatten(1)
    return torch.cat((observations, actions.reshape(len(observations), -1)), dim=1)
