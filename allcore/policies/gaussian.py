"""A stochastic policy over continuous actions."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium.spaces import Box
from torch import nn
from torch.optim import Optimizer

from allcore.approximation import Approximation
from allcore.core import State
from allcore.nn import RandomStream, TanhActionBound, device_of
from allcore.policies.distributions import DiagonalGaussian, mean_and_log_std


class GaussianPolicy(Approximation):
    """`policy(states)`, `no_grad` and `eval` give a `DiagonalGaussian` over `[N, A]`; the mask changes nothing.

    Shapes: N the states' own dimensions (none for a single State), A numbers in an action.

    With an action space the means are squashed into its bounds and deviations are in units of half their distance.
    Samples may still lie outside: the environment clips them, and an agent learns from what it drew.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None = None,
        action_space: Box | None = None,
        *,
        generator: torch.Generator,
        name: str = "policy",
        **options: Any,
    ) -> None:
        """Take a `model` from observations to means and logarithms of standard deviations, `[N, 2 * A]`.

        Args:
            model: the model.
            optimizer: an optimizer over its parameters.
            action_space: the bounds for the means; none without it.
            generator: what the policy's own generator is seeded from.
            name: what it is called in logs and file names.
            options: those of `Approximation`.

        Raises:
            UsageError: the action space has infinite bounds.
        """
        super().__init__(GaussianHead(model, generator, action_space), optimizer, name=name, **options)


class GaussianHead(nn.Module):
    """From states to a `DiagonalGaussian`: what a `GaussianPolicy` learns, and a head of an `ActorCritic`."""

    def __init__(self, model: nn.Module, generator: torch.Generator, action_space: Box | None = None) -> None:
        """Take a `model` from observations to means and logarithms of standard deviations, `[N, 2 * A]`.

        Args:
            model: the model; with `allcore.nn.SharedLogStd` deviations are the same in every state.
            generator: what the head's own generator is seeded from.
            action_space: the bounds for the means; none without it.

        Raises:
            UsageError: the action space has infinite bounds.
        """
        super().__init__()
        self.model = model
        self.bound = None if action_space is None else TanhActionBound(action_space, device_of(model))
        self.stream = RandomStream(generator)

    def forward(self, states: State) -> DiagonalGaussian:
        """The distribution in `states`; the mask changes nothing."""
        mean, log_std = mean_and_log_std(states.apply_unmasked(self.model, "observation"))
        if self.bound is not None:
            mean = self.bound(mean)
            log_std = log_std + self.bound.scale.log()
        return DiagonalGaussian(mean, log_std, self.stream.on(mean.device))
