"""Vanilla Q-learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import ParallelAgent
from allcore.core import state_from_dict, state_to_dict
from allcore.memory.returns import weighted_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import QNetwork
    from allcore.core import StateArray
    from allcore.policies import GreedyPolicy


class VQN(ParallelAgent):
    """Vanilla Q-network: Q-learning from each step as it is taken, without replay and without a target network.

    Sources: Watkins (1989), Learning from Delayed Rewards; Sutton and Barto (2018), Reinforcement Learning, section 6.5,
    and equation 16.3 for the step that a network takes along the gradient of its value alone.

    What differs from the sources: the step is the mean over E environments (with one environment, it is the equation's).

    Shapes: E environments, A actions.
    """

    def __init__(self, q: QNetwork, policy: GreedyPolicy, *, discount_factor: float = 0.99) -> None:
        """Compose the agent.

        Args:
            q: the action values, with the optimizer.
            policy: chooses the actions while training.
            discount_factor: what a reward one agent step later is worth.
        """
        # parts
        self.q = q
        self.policy = policy
        # hyperparameters
        self.discount_factor = discount_factor
        # private
        self._states: StateArray | None = None
        self._actions: Tensor | None = None

    def act(self, state_array: StateArray) -> Tensor:
        """Learn what the last actions led to, and choose the next ones."""
        self._train(state_array)
        self._states = state_array
        self._actions = self.policy.no_grad(state_array)
        return self._actions

    def _train(self, next_states: StateArray) -> None:
        if self._states is None or self._states.done.all():
            return  # no step was taken: episodes have only begun
        states, next_states = self._states.to(self.q.device), next_states.to(self.q.device)
        # what follows a done state is another episode's first state
        weights = 1.0 - states.done.float()
        # forward pass: a state in which a life was lost has mask 0, but its values go on being learnt
        values = self.q(states.update("mask", torch.ones_like(states.mask)), self._actions)
        # targets: a terminal state's values are masked to zero
        targets = next_states.reward + self.discount_factor * torch.max(self.q.no_grad(next_states), dim=1)[0]
        # backward pass
        losses = 0.5 * (targets - values).square()
        self.q.reinforce(weighted_mean(losses, weights))

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers."""
        return {
            "q": self.q.state_dict(),
            "policy": self.policy.state_dict(),
            "state": state_to_dict(self._states),
            "action": self._actions,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.q.load_state_dict(state["q"])
        self.policy.load_state_dict(state["policy"])
        self._states = state_from_dict(state["state"])
        self._actions = state["action"]
