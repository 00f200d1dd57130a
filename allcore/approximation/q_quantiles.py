"""Distributions of the return of discrete actions, by their quantiles."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.approximation.q_dist import of_actions
from allcore.core import State, only_legal
from allcore.errors import HyperparameterError
from allcore.nn import RandomStream, device_of, quantile_midpoints


class QQuantiles(Approximation):
    """For every discrete action K quantiles of the return, at fixed fractions.

    Shapes: N the states' own dimensions (none for a single State), A actions, K quantiles.

    `q(states)` gives quantiles `[N, A, K]`, `q(states, actions)` those of the actions `[N, K]`; `no_grad`, `eval` and
    `target` take the same arguments. Where the mask is zero, all quantiles are: the return is surely 0.

    Source: Dabney et al. (2018), Distributional reinforcement learning with quantile regression.

    Attributes:
        fractions: which quantiles they are, `[K]`: the midpoints of K equal parts of 0..1.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None,
        n_actions: int,
        n_quantiles: int,
        *,
        name: str = "q",
        **options: Any,
    ) -> None:
        """Take a `model` from observations to quantiles `[N, A * K]`, all quantiles of the first action first.

        Args:
            model: the model.
            optimizer: an optimizer over its parameters.
            n_actions: A.
            n_quantiles: K.
            name: what it is called in logs and file names.
            options: those of `Approximation`.

        Raises:
            HyperparameterError: there is no quantile.
        """
        if n_quantiles < 1:
            raise HyperparameterError(
                f"a distribution cannot have {n_quantiles} quantiles", hint="give 1 or more"
            )
        module = _QuantilesModule(model, n_actions, n_quantiles)
        super().__init__(module, optimizer, name=name, **options)
        self._module = module

    @property
    def fractions(self) -> Tensor:
        """Which quantiles they are, `[K]`."""
        return self._module.fractions

    def action_values(self, states: State) -> Tensor:
        """Expected returns for choosing an action, `[N, A]`: without gradients and without the mask."""
        with torch.no_grad():
            quantiles = self._module.unmasked(states.to(self.device))
            return only_legal(states, quantiles.mean(-1).to(states.device))


class _QuantilesModule(nn.Module):
    fractions: Tensor

    def __init__(self, model: nn.Module, n_actions: int, n_quantiles: int) -> None:
        super().__init__()
        self.model = model
        self.n_actions = n_actions
        self.register_buffer(
            "fractions", quantile_midpoints(n_quantiles).to(device_of(model)), persistent=False
        )

    def unmasked(self, states: State) -> Tensor:
        """Quantiles `[N, A, K]`."""
        quantiles = states.apply_unmasked(self.model, "observation")
        return quantiles.unflatten(-1, (self.n_actions, len(self.fractions)))

    def forward(self, states: State, actions: Tensor | int | None = None) -> Tensor:
        return states.apply_mask(of_actions(self.unmasked(states), actions))


class QImplicitQuantiles(Approximation):
    """For every discrete action the quantiles of the return at whatever fractions are asked for.

    Shapes: N the states' own dimensions (none for a single State), A actions, K fractions.

    `q(states, fractions)` with fractions `[N, K]` gives quantiles `[N, A, K]`, `q(states, fractions, actions)` those of
    the actions `[N, K]`; `no_grad`, `eval` and `target` take the same arguments. Where the mask is zero, all quantiles
    are: the return is surely 0.

    Source: Dabney et al. (2018), Implicit quantile networks for distributional reinforcement learning.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None,
        *,
        n_acting: int = 32,
        generator: torch.Generator,
        name: str = "q",
        **options: Any,
    ) -> None:
        """Take a `model` from observations and fractions `[N, K]` to quantiles `[N, A, K]`.

        Args:
            model: the model, such as an `ImplicitQuantileNetwork`.
            optimizer: an optimizer over its parameters.
            n_acting: how many fractions are drawn for choosing an action; the paper's K, 32 there, 64 in DQN Zoo.
            generator: what the stream of random fractions is seeded from.
            name: what it is called in logs and file names.
            options: those of `Approximation`.

        Raises:
            HyperparameterError: no fraction is to be drawn for an action.
        """
        if n_acting < 1:
            raise HyperparameterError(
                f"actions cannot be chosen by {n_acting} quantiles", hint="give 1 or more"
            )
        module = _ImplicitQuantilesModule(model, generator)
        super().__init__(module, optimizer, name=name, **options)
        self._module = module
        self.n_acting = n_acting

    def draw(self, states: State, n: int) -> Tensor:
        """Fractions `[N, n]` for `states` `[N]`, each uniform in 0..1 and drawn anew at every call."""
        generator = self._module.stream.on(self.device)
        return torch.rand((*states.shape, n), generator=generator, device=self.device)

    def action_values(self, states: State) -> Tensor:
        """Expected returns for choosing an action, `[N, A]`: means over fresh fractions, without gradients and mask."""
        with torch.no_grad():
            quantiles = self._module.unmasked(states.to(self.device), self.draw(states, self.n_acting))
            return only_legal(states, quantiles.mean(-1).to(states.device))


class _ImplicitQuantilesModule(nn.Module):
    def __init__(self, model: nn.Module, generator: torch.Generator) -> None:
        super().__init__()
        self.model = model
        self.stream = RandomStream(generator)

    def unmasked(self, states: State, fractions: Tensor) -> Tensor:
        """Quantiles `[N, A, K]` at `fractions` `[N, K]`."""
        batch = fractions.reshape(-1, fractions.shape[-1])
        return states.as_output(self.model(states.as_input("observation"), batch))

    def forward(self, states: State, fractions: Tensor, actions: Tensor | int | None = None) -> Tensor:
        return states.apply_mask(of_actions(self.unmasked(states, fractions), actions))
