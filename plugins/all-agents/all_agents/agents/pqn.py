"""Parallelised Q-network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import ParallelAgent
from allcore.memory.returns import lambda_returns, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import QNetwork
    from allcore.core import StateArray
    from allcore.memory import RolloutBuffer
    from allcore.policies import GreedyPolicy


class PQN(ParallelAgent):
    """Parallelised Q-network: Q-learning from what many environments have just done, without replay or target network.

    Paper: Gallici et al. (2024), Simplifying deep temporal difference learning, with the returns Q(lambda).

    What keeps it stable is layer normalisation before every activation: the network's business, and so a preset's. What
    differs from the paper's code (purejaxql): a truncated episode bootstraps from its final observation, whereas there it
    counts as terminated.
    """

    def __init__(
        self,
        q: QNetwork,
        policy: GreedyPolicy,
        rollout_buffer: RolloutBuffer,
        *,
        generator: torch.Generator,
        discount_factor: float = 0.99,
        lam: float = 0.65,
        n_epochs: int = 2,
        n_minibatches: int = 32,
    ) -> None:
        """Compose the agent.

        Args:
            q: the action values, with the optimizer.
            policy: chooses the actions while training.
            rollout_buffer: keeps the last T agent steps of each of the E environments.
            generator: draws the minibatches, on the CPU.
            discount_factor: what a reward one agent step later is worth.
            lam: the lambda of Q(lambda), from 0 (one-step targets) to 1 (as many steps as the rollout has).
            n_epochs: how often every rollout is gone through.
            n_minibatches: in how many parts (updates) each time.
        """
        # parts
        self.q = q
        self.policy = policy
        self.rollout_buffer = rollout_buffer
        # hyperparameters
        self.discount_factor = discount_factor
        self.lam = lam
        self.n_epochs = n_epochs
        self.n_minibatches = n_minibatches
        # private
        self._generator = generator

    def act(self, state_array: StateArray) -> Tensor:
        """Learn when a rollout is complete, choose the next actions, and remember them."""
        if self.rollout_buffer.full:
            self._train(state_array)
        actions = self.policy.no_grad(state_array)
        self.rollout_buffer.store(state_array, actions)
        return actions

    def _train(self, last_states: StateArray) -> None:
        rollout = self.rollout_buffer.rollout(last_states)
        # targets for all epochs: the values do not change before the first update
        values = rollout.values(self._greatest_values)
        targets = lambda_returns(
            rollout.rewards,
            values[1:],
            rollout.next_masks,
            rollout.next_dones,
            self.discount_factor,
            self.lam,
        ).flatten()
        steps = rollout.flatten()
        for _ in range(self.n_epochs):
            for rows in rollout.minibatches(self.n_minibatches, self._generator):
                states, actions = steps.states[rows], steps.actions[rows]
                values = self.q(states, actions)
                losses = 0.5 * (values - targets[rows]).square()
                # rows that are no step, because an episode began there, have weight zero
                self.q.reinforce(weighted_mean(losses, steps.weights[rows]))

    def _greatest_values(self, states: StateArray) -> Tensor:
        """The value `[N]` of the best action in each of the states `[N]`."""
        return torch.max(self.q.action_values(states), dim=1)[0]

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers."""
        return {
            "q": self.q.state_dict(),
            "policy": self.policy.state_dict(),
            "rollout_buffer": self.rollout_buffer.state_dict(),
            "generator": self._generator.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.q.load_state_dict(state["q"])
        self.policy.load_state_dict(state["policy"])
        self.rollout_buffer.load_state_dict(state["rollout_buffer"])
        self._generator.set_state(state["generator"])
