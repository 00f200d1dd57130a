"""Distributions of the return of discrete actions, on fixed atoms."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from allcore.approximation.approximation import Approximation
from allcore.core import State, only_legal
from allcore.errors import HyperparameterError
from allcore.nn import device_of


class QDist(Approximation):
    """For every discrete action a categorical distribution of the return on equally spaced atoms.

    Shapes: N the states' own dimensions (none for a single State), A actions, K atoms.

    `q(states)` gives probabilities `[N, A, K]`, `q(states, actions)` those of the actions `[N, K]`; `no_grad`, `eval` and
    `target` take the same arguments. Where the mask is zero, the return is surely 0: all probability lies there,
    split between the two nearest atoms if none is at 0.

    Source: Bellemare, Dabney and Munos, A distributional perspective on reinforcement learning (2017).

    Attributes:
        atoms: the returns, `[K]`, from v_min to v_max.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None,
        n_actions: int,
        n_atoms: int,
        v_min: float,
        v_max: float,
        *,
        name: str = "q_dist",
        **options: Any,
    ) -> None:
        """Take a `model` from observations to logits `[N, A * K]`, all atoms of the first action first.

        Args:
            model: the model.
            optimizer: an optimizer over its parameters.
            n_actions: A.
            n_atoms: K, at least 2.
            v_min: the lowest return.
            v_max: the highest return.
            name: what it is called in logs and file names.
            options: those of `Approximation`.

        Raises:
            HyperparameterError: there are fewer than two atoms, or the lowest return is not below the highest.
        """
        if n_atoms < 2 or not v_min < v_max:
            raise HyperparameterError(f"{n_atoms} atoms cannot be spread from {v_min} to {v_max}")
        module = _QDistModule(model, n_actions, torch.linspace(v_min, v_max, n_atoms))
        super().__init__(module, optimizer, name=name, **options)
        self._module = module
        self.n_actions = n_actions

    @property
    def atoms(self) -> Tensor:
        """The returns of the atoms, `[K]`."""
        return self._module.atoms

    def log_probabilities(self, states: State, actions: Tensor | int) -> Tensor:
        """Logarithms `[N, K]` of the probabilities of `actions` `[N]`, with gradients and without the mask.

        For losses: the logarithm of a probability that underflowed would be infinite.
        """
        return functional.log_softmax(of_actions(self._module.logits(states), actions), dim=-1)

    def expectation(self, probabilities: Tensor) -> Tensor:
        """The expected return `[...]` of distributions `[..., K]`."""
        return probabilities @ self.atoms

    def action_values(self, states: State) -> Tensor:
        """Expected returns for choosing an action, `[N, A]`: without gradients and without the mask."""
        with torch.no_grad():
            values = self.expectation(self._module.logits(states.to(self.device)).softmax(-1))
            return only_legal(states, values.to(states.device))

    def project(self, rewards: Tensor, discounts: Tensor, probabilities: Tensor) -> Tensor:
        """The distribution of reward + discount * return, `[N, K]`, as nearly as the atoms can hold it.

        Every shifted atom, first clamped to the atoms' range, shares its probability between its two neighbours by its
        distance from them. That is a hat around each atom, and needs no special case where it falls on one.

        Args:
            rewards: `[N]`.
            discounts: what a return from the next state on is worth, `[N]`: 0 where the next state is terminal.
            probabilities: of the return from the next state on, `[N, K]`.
        """
        atoms = self.atoms
        step = (atoms[-1] - atoms[0]) / (len(atoms) - 1)
        shifted = rewards.unsqueeze(-1) + discounts.unsqueeze(-1) * atoms
        shifted = shifted.clamp(atoms[0], atoms[-1])
        # [N, to atom, from atom], and in place: at this size fresh memory costs more time than arithmetic.
        hats = (shifted.unsqueeze(-2) - atoms.unsqueeze(-1)).abs_().div_(-step).add_(1.0).clamp_(min=0.0)
        return hats.mul_(probabilities.unsqueeze(-2)).sum(-1)


class _QDistModule(nn.Module):
    atoms: Tensor
    certain_zero: Tensor

    def __init__(self, model: nn.Module, n_actions: int, atoms: Tensor) -> None:
        super().__init__()
        self.model = model
        self.n_actions = n_actions
        step = (atoms[-1] - atoms[0]) / (len(atoms) - 1)
        zero = torch.zeros(()).clamp(atoms[0], atoms[-1])
        self.register_buffer("atoms", atoms.to(device_of(model)), persistent=False)
        certain_zero = (1 - (atoms - zero).abs() / step).clamp(min=0)
        self.register_buffer("certain_zero", certain_zero.to(device_of(model)), persistent=False)

    def logits(self, states: State) -> Tensor:
        """Logits `[N, A, K]`, without the mask."""
        return states.apply_unmasked(self.model, "observation").unflatten(
            -1, (self.n_actions, len(self.atoms))
        )

    def forward(self, states: State, actions: Tensor | int | None = None) -> Tensor:
        logits = self.logits(states)
        probabilities = of_actions(logits, actions).softmax(-1)
        certain = self.certain_zero.expand_as(probabilities)
        return states.apply_mask(probabilities) + (certain - states.apply_mask(certain))


def of_actions(values: Tensor, actions: Tensor | int | None) -> Tensor:
    """`values` `[N, A, K]` of `actions` `[N]`: `[N, K]`; all of them without actions."""
    if actions is None:
        return values
    index = torch.as_tensor(actions, device=values.device)[..., None, None]
    return values.take_along_dim(index, dim=-2).squeeze(-2)
