"""The policy of Soft Actor-Critic: a Gaussian squashed into the bounds of the actions."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium.spaces import Box
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation import Approximation
from allcore.core import State
from allcore.nn import RandomStream, TanhActionBound, device_of
from allcore.policies.distributions import DiagonalGaussian, log_tanh_derivative, mean_and_log_std


class SoftDeterministicPolicy(Approximation):
    """Draws actions that gradients flow through: center + scale * tanh(u) with a Gaussian u.

    `policy(states)` and `no_grad` give actions `[N, A]` and the logarithms of their densities `[N]`; `eval` gives
    only actions, those of the Gaussian's mean, and `eval(states, sample=True)` actions and logarithms again, for networks
    that do something else in train mode, such as normalising by the batch. The mask changes nothing.

    Shapes: N the states' own dimensions (none for a single State), A numbers in an action.

    Densities are those of tanh(u), the action in units of its bounds, whatever units the environment measures it in. So
    the paper's target entropy of minus A means the same for a torque within +-0.4 as for one within +-2, and no reward
    comes or goes with the units. The density of the action itself is smaller by the product of all scales.

    Source: Haarnoja et al., Soft actor-critic algorithms and applications (2018), appendix C, where all bounds are +-1.
    Logarithms of standard deviations are clamped to [-20, 2], as in the authors' code.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None,
        action_space: Box,
        *,
        generator: torch.Generator,
        name: str = "policy",
        **options: Any,
    ) -> None:
        """Take a `model` from observations to means and logarithms of standard deviations of u, `[N, 2 * A]`.

        Args:
            model: the model.
            optimizer: an optimizer over its parameters.
            action_space: the bounds.
            generator: what the policy's own generator is seeded from.
            name: what it is called in logs and file names.
            options: those of `Approximation`.

        Raises:
            UsageError: the action space has infinite bounds.
        """
        module = _SoftDeterministicModule(model, action_space, generator)
        super().__init__(module, optimizer, name=name, **options)


class _SoftDeterministicModule(nn.Module):
    def __init__(self, model: nn.Module, action_space: Box, generator: torch.Generator) -> None:
        super().__init__()
        self.model = model
        self.bound = TanhActionBound(action_space, device_of(model))
        self.stream = RandomStream(generator)

    def forward(self, states: State, *, sample: bool | None = None) -> Tensor | tuple[Tensor, Tensor]:
        mean, log_std = mean_and_log_std(states.apply_unmasked(self.model, "observation"))
        if not (self.training if sample is None else sample):
            return self.bound(mean)
        gaussian = DiagonalGaussian(mean, log_std.clamp(-20, 2), self.stream.on(mean.device))
        u = gaussian.rsample()
        return self.bound(u), self.log_prob(gaussian, u)

    def log_prob(self, gaussian: DiagonalGaussian, u: Tensor) -> Tensor:
        """Logarithm of the density of tanh(u), for `u` `[N, A]`: `[N]`."""
        return gaussian.log_prob(u) - log_tanh_derivative(u).sum(-1)
