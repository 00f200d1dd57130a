"""A policy over discrete actions."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from allcore.approximation import Approximation
from allcore.core import State, only_legal
from allcore.nn import RandomStream
from allcore.policies.distributions import Categorical


class SoftmaxPolicy(Approximation):
    """Probabilities of discrete actions: `policy(states)`, `no_grad` and `eval` give a `Categorical` over `[N, A]`.

    Shapes: N the states' own dimensions (none for a single State), A actions. The mask changes nothing: a life lost does
    not change how to act. Where states have the entry `action_mask` (bool, `[A]`), illegal actions have probability 0.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None = None,
        *,
        generator: torch.Generator,
        name: str = "policy",
        **options: Any,
    ) -> None:
        """Take a `model` from observations to logits `[N, A]`.

        Args:
            model: the model.
            optimizer: an optimizer over its parameters.
            generator: what the policy's own generator is seeded from.
            name: what it is called in logs and file names.
            options: those of `Approximation`.
        """
        super().__init__(SoftmaxHead(model, generator), optimizer, name=name, **options)


class SoftmaxHead(nn.Module):
    """From states to a `Categorical` over their actions: what a `SoftmaxPolicy` learns, and a head of an `ActorCritic`."""

    def __init__(self, model: nn.Module, generator: torch.Generator) -> None:
        """Take a `model` from observations to logits `[N, A]`, and what the head's own generator is seeded from."""
        super().__init__()
        self.model = model
        self.stream = RandomStream(generator)

    def forward(self, states: State) -> Categorical:
        """The distribution in `states`; the mask changes nothing."""
        logits = only_legal(states, states.apply_unmasked(self.model, "observation"))
        return Categorical.of(logits, self.stream.on(logits.device))
