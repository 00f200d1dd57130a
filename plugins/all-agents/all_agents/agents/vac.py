"""Vanilla actor-critic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import ParallelAgent
from allcore.core import state_from_dict, state_to_dict
from allcore.memory.returns import weighted_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import VNetwork
    from allcore.core import StateArray
    from allcore.policies import GaussianPolicy, SoftmaxPolicy


class VAC(ParallelAgent):
    """Vanilla actor-critic: the error of the critic's value, one step later, is what the actor learns from.

    Source: Sutton and Barto (2018), Reinforcement Learning, section 13.5: one-step actor-critic (episodic).

    What differs from the source: the step is the mean over E environments, and the actor's step is not weighted by
    `discount_factor ** t` (t steps after the episode's start), without which late steps would hardly be learnt from.
    Critic and actor share no features.

    Shapes: E environments.

    Attributes:
        steps: agent steps so far, over all environments.
    """

    def __init__(
        self, v: VNetwork, policy: SoftmaxPolicy | GaussianPolicy, *, discount_factor: float = 0.99
    ) -> None:
        """Compose the agent.

        Args:
            v: the critic, with its optimizer.
            policy: the actor, with its optimizer.
            discount_factor: what a reward one agent step later is worth.
        """
        # parts
        self.v = v
        self.policy = policy
        # hyperparameters
        self.discount_factor = discount_factor
        # private
        self.steps = 0
        self._states: StateArray | None = None
        self._actions: Tensor | None = None

    def act(self, state_array: StateArray) -> Tensor:
        """Learn what the last actions led to, and draw the next ones."""
        self._train(state_array)
        self.steps += len(state_array) - int(torch.count_nonzero(state_array.done))
        self._states = state_array
        self._actions = self.policy.no_grad(state_array.to(self.policy.device)).sample()
        return self._actions.to(state_array.device)

    def _train(self, next_states: StateArray) -> None:
        if self._states is None or self._states.done.all():
            return  # no step was taken: episodes have only begun
        assert self._actions is not None
        states, next_states = self._states.to(self.v.device), next_states.to(self.v.device)
        # what follows a done state is another episode's first state
        weights = 1.0 - states.done.float()
        # forward pass: a state in which a life was lost has mask 0, but its value goes on being learnt
        states = states.update("mask", torch.ones_like(states.mask))
        values = self.v(states)
        log_probabilities = self.policy(states).log_prob(self._actions.to(self.policy.device))
        # the critic's errors: a terminal state's value is masked to zero
        targets = next_states.reward + self.discount_factor * self.v.no_grad(next_states)
        errors = targets - values
        # backward pass
        value_losses = 0.5 * errors.square()
        policy_losses = -errors.detach() * log_probabilities
        self.v.reinforce(weighted_mean(value_losses, weights))
        self.policy.reinforce(weighted_mean(policy_losses, weights))

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers."""
        return {
            "v": self.v.state_dict(),
            "policy": self.policy.state_dict(),
            "steps": self.steps,
            "state": state_to_dict(self._states),
            "action": self._actions,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.v.load_state_dict(state["v"])
        self.policy.load_state_dict(state["policy"])
        self.steps = state["steps"]
        self._states = state_from_dict(state["state"])
        self._actions = state["action"]
