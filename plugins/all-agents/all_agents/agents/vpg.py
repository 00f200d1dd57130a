"""Vanilla policy gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import ParallelAgent
from allcore.memory.returns import generalized_advantages, n_step_returns, normalize, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import VNetwork
    from allcore.core import StateArray
    from allcore.memory import RolloutBuffer
    from allcore.policies import GaussianPolicy, SoftmaxPolicy


class VPG(ParallelAgent):
    """Vanilla policy gradient: REINFORCE with a baseline.

    Every action is made likelier by as much as the rewards that came after it were more than the baseline said.

    Sources: Williams (1992), Simple statistical gradient-following algorithms for connectionist reinforcement learning;
    Sutton and Barto (2018), Reinforcement Learning, section 13.4; OpenAI Spinning Up (Achiam, 2018), "Vanilla Policy
    Gradient", for learning from stretches of fixed length and for fitting the baseline after the policy's step.

    What differs from the first two: it learns from T steps of E environments at a time. An episode that is cut off there, or
    by a time limit, is worth what the baseline says of its last state. The gradient is the mean over steps, not the sum over
    an episode's, so that the step size does not grow with an episode's length. Steps are not weighted by
    `discount_factor ** t` (t steps after the episode's start). Policy and baseline share no features.

    Shapes: T steps, E environments.

    Attributes:
        steps: agent steps so far, over all environments.
    """

    def __init__(
        self,
        v: VNetwork,
        policy: SoftmaxPolicy | GaussianPolicy,
        rollout_buffer: RolloutBuffer,
        *,
        discount_factor: float = 0.99,
        lam: float = 1.0,
        normalize_advantages: bool = False,
        value_updates: int = 1,
    ) -> None:
        """Compose the agent.

        Args:
            v: the baseline, with its optimizer.
            policy: chooses the actions, with its optimizer.
            rollout_buffer: keeps the T steps until they are learnt from.
            discount_factor: what a reward one agent step later is worth.
            lam: lambda of generalised advantages; 1 compares whole returns with the baseline, as REINFORCE does.
            normalize_advantages: bring the advantages of the T * E steps to mean 0 and deviation 1, as Spinning Up does.
            value_updates: steps of the baseline towards the returns, for each step of the policy.
        """
        # parts
        self.v = v
        self.policy = policy
        self.rollout_buffer = rollout_buffer
        # hyperparameters
        self.discount_factor = discount_factor
        self.lam = lam
        self.normalize_advantages = normalize_advantages
        self.value_updates = value_updates
        # private
        self.steps = 0

    def act(self, state_array: StateArray) -> Tensor:
        """Learn if there are enough steps, and draw the next actions."""
        states = state_array.to(self.policy.device)
        if self.rollout_buffer.full:
            self._train(states)
        actions: Tensor = self.policy.no_grad(states).sample()
        self.rollout_buffer.store(states, actions)
        self.steps += len(state_array) - int(torch.count_nonzero(state_array.done))
        return actions.to(state_array.device)

    def _train(self, last_states: StateArray) -> None:
        rollout = self.rollout_buffer.rollout(last_states)
        rewards, masks, dones = rollout.rewards, rollout.next_masks, rollout.next_dones
        # what each step was worth, and how much more than the baseline says: [T, E]
        values = rollout.values(self.v.no_grad)
        returns = n_step_returns(rewards, values, masks, dones, self.discount_factor)
        advantages = generalized_advantages(rewards, values, masks, dones, self.discount_factor, self.lam)
        if self.normalize_advantages:
            advantages = normalize(advantages, rollout.weights)
        # one step of the policy
        log_probabilities = self.policy(rollout.states).log_prob(rollout.actions)
        self.policy.reinforce(weighted_mean(-advantages * log_probabilities, rollout.weights))
        # then the baseline, which would otherwise explain away what the policy is to learn from
        for _ in range(self.value_updates):
            losses = 0.5 * (returns - self.v(rollout.states)).square()
            self.v.reinforce(weighted_mean(losses, rollout.weights))

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers."""
        return {
            "v": self.v.state_dict(),
            "policy": self.policy.state_dict(),
            "rollout_buffer": self.rollout_buffer.state_dict(),
            "steps": self.steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.v.load_state_dict(state["v"])
        self.policy.load_state_dict(state["policy"])
        self.rollout_buffer.load_state_dict(state["rollout_buffer"])
        self.steps = state["steps"]
