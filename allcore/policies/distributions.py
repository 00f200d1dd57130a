"""Distributions of actions that draw from a generator of their own; those of torch draw from the global one.

Shapes: N any leading dimensions, A actions, or numbers in a continuous action.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from allcore.errors import UsageError

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True, eq=False)
class Categorical:
    """One of A actions.

    Attributes:
        log_probabilities: `[N, A]`.
        generator: what actions are drawn with.
    """

    log_probabilities: Tensor
    generator: torch.Generator

    @classmethod
    def of(cls, logits: Tensor, generator: torch.Generator) -> Categorical:
        """The distribution of `logits` `[N, A]`, logarithms of probabilities up to a constant."""
        return cls(logits.log_softmax(-1), generator)

    @property
    def probabilities(self) -> Tensor:
        """Of every action, `[N, A]`."""
        return self.log_probabilities.exp()

    def sample(self) -> Tensor:
        """Actions drawn at random, int64 `[N]`."""
        probabilities = self.probabilities.detach()
        # The first of A alarm clocks that ring at these rates. So does `torch.multinomial`, after checks that take three times as long.
        uniform = torch.rand(
            probabilities.shape,
            generator=self.generator,
            device=probabilities.device,
            dtype=probabilities.dtype,
        )
        # from above 0 to below 1: a clock of 0 or infinity would let an impossible action win
        clocks = -uniform.clamp(min=torch.finfo(uniform.dtype).tiny).log()
        return (probabilities / clocks).argmax(-1)

    def mode(self) -> Tensor:
        """The likeliest actions, the first of equals, int64 `[N]`."""
        return self.log_probabilities.argmax(-1)

    def log_prob(self, actions: Tensor) -> Tensor:
        """Logarithms of the probabilities of `actions` `[N]`: `[N]`."""
        return self.log_probabilities.gather(-1, actions.unsqueeze(-1)).squeeze(-1)

    def entropy(self) -> Tensor:
        """`[N]`, in nats."""
        # An impossible action has log-probability minus infinity and adds nothing; 0 * -inf would be nan.
        floor = torch.finfo(self.log_probabilities.dtype).min
        return -(self.probabilities * self.log_probabilities.clamp(min=floor)).sum(-1)


@dataclass(frozen=True, eq=False)
class DiagonalGaussian:
    """Independent Gaussian numbers.

    Attributes:
        mean: `[N, A]`.
        log_std: logarithms of the standard deviations, `[N, A]`.
        generator: what actions are drawn with.
    """

    mean: Tensor
    log_std: Tensor
    generator: torch.Generator

    def sample(self) -> Tensor:
        """Actions drawn at random, `[N, A]`, without gradients."""
        with torch.no_grad():
            return self.rsample()

    def rsample(self) -> Tensor:
        """Actions drawn at random, `[N, A]`, with gradients to mean and deviation (the reparametrisation trick)."""
        mean = self.mean
        noise = torch.randn(mean.shape, generator=self.generator, device=mean.device, dtype=mean.dtype)
        return mean + self.log_std.exp() * noise

    def mode(self) -> Tensor:
        """The likeliest actions, `[N, A]`."""
        return self.mean

    def log_prob(self, actions: Tensor) -> Tensor:
        """Logarithms of the densities at `actions` `[N, A]`, summed over their numbers: `[N]`.

        Raises:
            UsageError: the actions are not of the mean's shape; broadcast, they would give densities of other actions.
        """
        if actions.shape != self.mean.shape:
            raise UsageError(
                f"actions of shape {list(actions.shape)} have no density under means of shape {list(self.mean.shape)}",
                hint="give one action for each mean",
            )
        scaled = (actions - self.mean) * (-self.log_std).exp()
        return (-0.5 * scaled.square() - self.log_std - _HALF_LOG_TWO_PI).sum(-1)

    def entropy(self) -> Tensor:
        """`[N]`, in nats, summed over the numbers of an action."""
        return (self.log_std + 0.5 + _HALF_LOG_TWO_PI).sum(-1)


def mean_and_log_std(output: Tensor) -> tuple[Tensor, Tensor]:
    """The two halves `[N, A]` of what a model of a Gaussian gives, `[N, 2 * A]`.

    Raises:
        UsageError: it gives an odd number of numbers.
    """
    if output.shape[-1] % 2:
        raise UsageError(
            f"a model that gives {output.shape[-1]} numbers cannot give a mean and a deviation for each of an action's",
            hint="its last layer needs 2 * A outputs, for A numbers in an action",
        )
    mean, log_std = output.chunk(2, dim=-1)
    return mean, log_std


def log_tanh_derivative(x: Tensor) -> Tensor:
    """log(1 - tanh(x)^2), also where tanh(x) rounds to 1.

    Source: 2 (log 2 - x - softplus(-2 x)), as in Haarnoja et al.'s code of Soft Actor-Critic (appendix C of the paper).
    """
    return 2 * (math.log(2) - x - functional.softplus(-2 * x))
