"""Epsilon-greedy: mostly the action that is thought best, sometimes any."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch
from torch import Tensor

from allcore.core import State, only_legal
from allcore.optim import Schedule, as_schedule


class ActionValues(Protocol):
    """What a greedy policy asks: a `QNetwork`, a `QDist`, or anything else with these two."""

    def evaluating(self) -> AbstractContextManager[None]:
        """Hold the model in eval mode."""

    def action_values(self, states: State) -> Tensor:
        """Values `[N, A]` for states `[N]`, without gradients and without the mask."""


class GreedyPolicy:
    """With probability epsilon any action, the greedy one among them; else the one of highest value, the first of equals.

    A single state and an array of one state get the same actions from the same generator.

    Where states have the entry `action_mask` (bool, `[A]`), greedy actions are among those that it allows. Exploring does
    not look at it: an environment with illegal actions must say what it does when it is given one.

    Attributes:
        steps: actions chosen by `no_grad` for states that were not done; epsilon is a function of it.
    """

    def __init__(
        self,
        q: ActionValues,
        num_actions: int,
        epsilon: Schedule | float,
        generator: torch.Generator,
        *,
        evaluation_epsilon: float = 0.0,
    ) -> None:
        """Choose among `num_actions` actions by the values of `q`.

        Args:
            q: the values of actions.
            num_actions: how many there are (A).
            epsilon: the probability of exploring, fixed or a schedule over `steps`.
            generator: what exploration draws from; on the CPU, so that acting needs no wait for an accelerator.
            evaluation_epsilon: the probability of exploring in `eval`.
        """
        self.q = q
        self.num_actions = num_actions
        self.epsilon = as_schedule(epsilon)
        self.evaluation_epsilon = evaluation_epsilon
        self.steps = 0
        self._generator = generator

    def no_grad(self, state: State) -> Tensor:
        """Actions for training, counted: int64, 0-d for a `State`, `[E]` for a `StateArray`."""
        action = self._choose(state, self.epsilon(self.steps))
        if not state.shape:
            self.steps += not state.done
        else:
            self.steps += state.done.numel() - int(torch.count_nonzero(state.done))
        return action

    def eval(self, state: State) -> Tensor:
        """Actions for evaluation, not counted: greedy but for `evaluation_epsilon`, with the model in eval mode."""
        with self.q.evaluating():
            return self._choose(state, self.evaluation_epsilon)

    def state_dict(self) -> dict[str, Any]:
        """The count of steps and where the generator stands."""
        return {"steps": self.steps, "generator": self._generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.steps = int(state["steps"])
        self._generator.set_state(state["generator"])

    # ---- private

    def _choose(self, state: State, epsilon: float) -> Tensor:
        if epsilon <= 0.0:
            return self._greedy(state)
        # One number u in [0, 1) decides both: explore if u < epsilon, and then u / epsilon is again uniform in [0, 1).
        # In double precision the A equal parts of a small epsilon are still equal to 13 digits.
        u = torch.rand(
            state.shape or 1, generator=self._generator, dtype=torch.float64, device=self._generator.device
        )
        if not state.shape:
            return self._choose_one(state, u.item() / epsilon)
        u = u / epsilon
        explore = u < 1.0
        if not explore.any():
            return self._greedy(state)
        random = (u * self.num_actions).long().clamp(max=self.num_actions - 1).to(state.device)
        if explore.all():
            return random
        return torch.where(explore.to(state.device), random, self._greedy(state))

    def _choose_one(self, state: State, u: float) -> Tensor:
        if u >= 1.0:
            return self._greedy(state)
        return torch.tensor(min(int(u * self.num_actions), self.num_actions - 1), device=state.device)

    def _greedy(self, state: State) -> Tensor:
        return only_legal(state, self.q.action_values(state)).argmax(-1)
