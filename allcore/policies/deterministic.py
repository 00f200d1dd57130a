"""A deterministic policy over continuous actions."""

from __future__ import annotations

from typing import Any

from gymnasium.spaces import Box
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation import Approximation
from allcore.core import State
from allcore.nn import TanhActionBound, device_of


class DeterministicPolicy(Approximation):
    """`policy(states)` gives actions `[N, A]` within the bounds of the action space; the mask changes nothing.

    Shapes: N the states' own dimensions (none for a single State), A numbers in an action. Exploration is the agent's.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None,
        action_space: Box,
        *,
        name: str = "policy",
        **options: Any,
    ) -> None:
        """Take a `model` from observations to `[N, A]`, of any size: tanh and the bounds come on top.

        Args:
            model: the model.
            optimizer: an optimizer over its parameters.
            action_space: the bounds.
            name: what it is called in logs and file names.
            options: those of `Approximation`.

        Raises:
            UsageError: the action space has infinite bounds.
        """
        super().__init__(_DeterministicModule(model, action_space), optimizer, name=name, **options)


class _DeterministicModule(nn.Module):
    def __init__(self, model: nn.Module, action_space: Box) -> None:
        super().__init__()
        self.model = model
        self.bound = TanhActionBound(action_space, device_of(model))

    def forward(self, states: State) -> Tensor:
        return self.bound(states.apply_unmasked(self.model, "observation"))
