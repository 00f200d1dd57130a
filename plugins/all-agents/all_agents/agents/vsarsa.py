"""Vanilla SARSA."""

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


class VSarsa(ParallelAgent):
    """Vanilla SARSA: learns the values of the policy that it follows, from each step as it is taken.

    The target is the value of the action that is taken next (state, action, reward, state, action), not of the best one.

    Sources: Rummery and Niranjan (1994), On-line Q-learning using connectionist systems; Sutton and Barto (2018),
    Reinforcement Learning, section 10.1: episodic semi-gradient Sarsa.

    What differs from the sources: the step is the mean over E environments (with one environment, it is the book's). An
    episode that a time limit cut off needs a next action too: it is the one that the policy chooses in its final state.

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
        """Choose the next actions, and learn what the last ones led to if those are taken."""
        actions = self.policy.no_grad(state_array)
        self._train(state_array, actions)
        self._states = state_array
        self._actions = actions
        return actions

    def _train(self, next_states: StateArray, next_actions: Tensor) -> None:
        if self._states is None or self._states.done.all():
            return  # no step was taken: episodes have only begun
        states, next_states = self._states.to(self.q.device), next_states.to(self.q.device)
        # what follows a done state is another episode's first state
        weights = 1.0 - states.done.float()
        # forward pass: a state in which a life was lost has mask 0, but its values go on being learnt
        values = self.q(states.update("mask", torch.ones_like(states.mask)), self._actions)
        # targets: a terminal state's values are masked to zero
        targets = next_states.reward + self.discount_factor * self.q.no_grad(next_states, next_actions)
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
