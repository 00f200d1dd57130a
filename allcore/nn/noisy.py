"""Linear layers with learnt noise on their weights, for exploration.

In train mode every call draws fresh noise, one sample for the whole batch; in eval mode there is none. The layers draw
from a generator of their own (`RandomStream`).

Source: Fortunato et al., Noisy networks for exploration (2018), sections 3 and 3.2.

Shapes: N batch, I inputs, O outputs.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from allcore.nn.random_stream import RandomStream


class NoisyLinear(nn.Module):
    """A linear layer with independent noise: weight + sigma * noise, with one Gaussian number for each weight."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        sigma_init: float = 0.017,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        """Begin with means uniform in +-sqrt(3 / I) and every sigma at `sigma_init`.

        Args:
            in_features: I.
            out_features: O.
            sigma_init: the noise's standard deviation at first.
            bias: whether outputs have a bias, which is noisy, too.
            generator: what the layer's own generator is seeded from; without one, torch's own, as initial weights are.
        """
        super().__init__()
        bound = math.sqrt(3 / in_features)
        self.weight = _uniform((out_features, in_features), bound)
        self.weight_sigma = _constant((out_features, in_features), sigma_init)
        self.bias = _uniform((out_features,), bound) if bias else None
        self.bias_sigma = _constant((out_features,), sigma_init) if bias else None
        self.noise = RandomStream(generator)

    def forward(self, x: Tensor) -> Tensor:
        """`[N, I]` to `[N, O]`."""
        if not self.training:
            return functional.linear(x, self.weight, self.bias)
        weight = self.weight + self.weight_sigma * self._normal(self.weight)
        if self.bias is None or self.bias_sigma is None:
            return functional.linear(x, weight)
        return functional.linear(x, weight, self.bias + self.bias_sigma * self._normal(self.bias))

    def _normal(self, like: Tensor) -> Tensor:
        return torch.randn(
            like.shape, generator=self.noise.on(like.device), device=like.device, dtype=like.dtype
        )


class NoisyFactorizedLinear(nn.Module):
    """A linear layer with factorised noise: the noise of weight (o, i) is f(e_o) f(e_i), with f(e) = sgn(e) sqrt|e|.

    I + O Gaussian numbers instead of I * O; the noise of bias o is f(e_o).
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        sigma_init: float = 0.5,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        """Begin with means uniform in +-1 / sqrt(I) and every sigma at `sigma_init` / sqrt(I).

        Args:
            in_features: I.
            out_features: O.
            sigma_init: the paper's sigma_0.
            bias: whether outputs have a bias, which is noisy, too.
            generator: what the layer's own generator is seeded from; without one, torch's own, as initial weights are.
        """
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = _uniform((out_features, in_features), bound)
        self.weight_sigma = _constant((out_features, in_features), sigma_init * bound)
        self.bias = _uniform((out_features,), bound) if bias else None
        self.bias_sigma = _constant((out_features,), sigma_init * bound) if bias else None
        self.noise = RandomStream(generator)

    def forward(self, x: Tensor) -> Tensor:
        """`[N, I]` to `[N, O]`."""
        if not self.training:
            return functional.linear(x, self.weight, self.bias)
        noise_in, noise_out = self._draw()
        if len(x) == 1:
            # (sigma_oi f(e_o) f(e_i)) x_i summed over i: for one row a second product is less than making noisy weights.
            noise = functional.linear(x * noise_in, self.weight_sigma, self.bias_sigma)
            return functional.linear(x, self.weight, self.bias) + noise_out * noise
        # For a minibatch it is the other way round, gradients included, by a third (Nature's layer, 32 rows).
        weight = torch.addcmul(self.weight, self.weight_sigma, torch.outer(noise_out, noise_in))
        if self.bias is None or self.bias_sigma is None:
            return functional.linear(x, weight)
        return functional.linear(x, weight, torch.addcmul(self.bias, self.bias_sigma, noise_out))

    def _draw(self) -> tuple[Tensor, Tensor]:
        """f(e) for inputs `[I]` and outputs `[O]`."""
        n_out, n_in = self.weight.shape
        device, dtype = self.weight.device, self.weight.dtype
        drawn = torch.randn(n_in + n_out, generator=self.noise.on(device), device=device, dtype=dtype)
        factors = drawn.sign() * drawn.abs().sqrt()
        return factors[:n_in], factors[n_in:]


def _uniform(shape: tuple[int, ...], bound: float) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


def _constant(shape: tuple[int, ...], value: float) -> nn.Parameter:
    return nn.Parameter(torch.full(shape, value))
