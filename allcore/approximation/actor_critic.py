"""A policy and the values of states, learnt together."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State


class ActorCritic(Approximation):
    """A policy and V(s) with one optimizer: `f(states)`, `no_grad` and `eval` give both, `(distribution, values)`.

    The distribution is over the actions in `states`, the values are `[N]`. The mask changes neither: returns and advantages
    (`allcore.memory.returns`) apply it to what an action led to, and a state in which a life was lost is acted in.

    Shapes: N the states' own dimensions (none for a single State), F features.
    """

    def __init__(
        self,
        features: nn.Module,
        policy: nn.Module,
        value: nn.Module,
        optimizer: Optimizer | None = None,
        *,
        name: str = "actor_critic",
        **options: Any,
    ) -> None:
        """Put two heads on the same features.

        Args:
            features: from observations to features `[N, F]`; heads that share nothing do all the work themselves, and
                `features` only prepares observations, or is `nn.Identity()`.
            policy: from states whose observations are the features to a distribution over actions, such as a
                `SoftmaxHead` or a `GaussianHead` of `allcore.policies`.
            value: from features to values `[N, 1]`.
            optimizer: an optimizer over the parameters of all three.
            name: what it is called in logs and file names.
            options: those of `Approximation`.
        """
        self._module = _ActorCriticModule(features, policy, value)
        super().__init__(self._module, optimizer, name=name, **options)

    def distribution(self, states: State) -> Any:
        """The policy's distribution over the actions in `states` alone, without gradients: all that acting asks for."""
        with torch.no_grad():
            return self._module.policy(self._module.featured(states))

    def values(self, states: State) -> Tensor:
        """The values of `states` alone, `[N]`, without gradients."""
        with torch.no_grad():
            return self._module.values(self._module.featured(states))


class _ActorCriticModule(nn.Module):
    def __init__(self, features: nn.Module, policy: nn.Module, value: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.policy = policy
        self.value = value

    def forward(self, states: State) -> tuple[Any, Tensor]:
        featured = self.featured(states)
        return self.policy(featured), self.values(featured)

    def featured(self, states: State) -> State:
        """The states with their features as observations."""
        featured: State = states.update("observation", states.apply_unmasked(self.features, "observation"))
        return featured

    def values(self, featured: State) -> Tensor:
        """The values of states with features."""
        return featured.apply_unmasked(self.value, "observation").squeeze(-1)
