"""Networks of quantile functions: asked for a fraction, they give that quantile.

Source: Dabney et al. (2018), Implicit quantile networks for distributional reinforcement learning, section 3.1.

Shapes: N batch, K fractions, C cosines, F features, A actions.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class CosineEmbedding(nn.Module):
    """Features of fractions: ReLU of a linear layer of cos(pi i fraction), i = 0, ..., C - 1 (equation 4).

    As in the paper, the first cosine is constant; DQN Zoo counts i from 1 to C instead.
    """

    frequencies: Tensor

    def __init__(self, n_features: int, n_cosines: int = 64) -> None:
        """Give `n_features` (F) features of `n_cosines` (C) cosines."""
        super().__init__()
        self.register_buffer("frequencies", math.pi * torch.arange(n_cosines), persistent=False)
        self.linear = nn.Linear(n_cosines, n_features)

    def forward(self, fractions: Tensor) -> Tensor:
        """`[N, K]` to `[N, K, F]`."""
        return self.linear(torch.cos(fractions.unsqueeze(-1) * self.frequencies)).relu()


class ImplicitQuantileNetwork(nn.Module):
    """Quantiles of the returns of all actions: features of the observation times features of the fraction, then a head."""

    def __init__(self, features: nn.Module, n_features: int, head: nn.Module, n_cosines: int = 64) -> None:
        """Join the parts.

        Args:
            features: from observations `[N, ...]` to features `[N, F]`.
            n_features: F.
            head: from features `[N, F]` to quantiles `[N, A]`.
            n_cosines: C, see `CosineEmbedding`.
        """
        super().__init__()
        self.features = features
        self.embedding = CosineEmbedding(n_features, n_cosines)
        self.head = head

    def forward(self, observations: Tensor, fractions: Tensor) -> Tensor:
        """Quantiles `[N, A, K]` of `observations` `[N, ...]` at `fractions` `[N, K]`."""
        joined = self.features(observations).unsqueeze(1) * self.embedding(fractions)
        quantiles = self.head(joined.flatten(0, 1)).unflatten(0, fractions.shape)
        return quantiles.transpose(1, 2)
