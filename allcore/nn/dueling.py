"""Dueling networks: one part says how good a state is, another how much better each action is than the others.

Source: Wang et al., Dueling network architectures for deep reinforcement learning (2016), equation 9.

Shapes: N batch, A actions, K atoms.
"""

from __future__ import annotations

from torch import Tensor, nn


class Aggregation(nn.Module):
    """Puts values and advantages together: V + advantage - mean advantage over the actions."""

    def forward(self, value: Tensor, advantages: Tensor) -> Tensor:
        """Action values `[N, A, ...]` from `value` `[N, 1, ...]` and `advantages` `[N, A, ...]`."""
        return value + advantages - advantages.mean(dim=1, keepdim=True)


class Dueling(nn.Module):
    """Action values from two models of the same features."""

    def __init__(self, value_model: nn.Module, advantage_model: nn.Module) -> None:
        """Take models from features to values `[N, 1]` and to advantages `[N, A]`."""
        super().__init__()
        self.value_model = value_model
        self.advantage_model = advantage_model
        self.aggregation = Aggregation()

    def forward(self, features: Tensor) -> Tensor:
        """Action values `[N, A]`."""
        return self.aggregation(self.value_model(features), self.advantage_model(features))


class CategoricalDueling(nn.Module):
    """Logits of the distributions of returns from two models: dueling atom by atom, before the softmax.

    Source: Hessel et al., Rainbow: combining improvements in deep reinforcement learning (2018).
    """

    def __init__(self, value_model: nn.Module, advantage_model: nn.Module) -> None:
        """Take models from features to logits `[N, K]` and `[N, A * K]` (all atoms of the first action first)."""
        super().__init__()
        self.value_model = value_model
        self.advantage_model = advantage_model
        self.aggregation = Aggregation()

    def forward(self, features: Tensor) -> Tensor:
        """Logits `[N, A * K]`, as a `QDist` takes them."""
        value = self.value_model(features).unsqueeze(1)
        advantages = self.advantage_model(features).unflatten(1, (-1, value.shape[2]))
        return self.aggregation(value, advantages).flatten(1)
