"""Distributional Q-learning on fixed atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import Agent
from allcore.approximation import CompiledUpdate
from allcore.core import only_legal, state_from_dict, state_to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import QDist
    from allcore.core import State, StateArray
    from allcore.memory import ReplayBuffer
    from allcore.policies import GreedyPolicy


class C51(Agent):
    """Categorical DQN: learns the distribution of the return on fixed atoms, and acts by its expectation.

    Paper: Bellemare, Dabney and Munos (2017), A distributional perspective on reinforcement learning, Algorithm 1.

    Letters: N minibatch, A actions, K atoms.

    What differs from the paper: networks, exploration and replay are parts that a preset composes. Prioritised replay draws
    by the Kullback-Leibler divergence of the prediction from the target, as Hessel et al. (2018) have it. It acts in one
    environment or, given a `StateArray`, in several, at the same number of updates per agent step.
    """

    def __init__(
        self,
        q_dist: QDist,
        policy: GreedyPolicy,
        replay_buffer: ReplayBuffer,
        *,
        discount_factor: float = 0.99,
        minibatch_size: int = 32,
        replay_start_size: int = 50_000,
        update_frequency: int = 4,
        compiled: bool = False,
    ) -> None:
        """Compose the agent.

        Args:
            q_dist: the distributions of returns, with the optimizer and the target network.
            policy: chooses the actions while training, epsilon-greedily by their expectation.
            replay_buffer: keeps the transitions.
            discount_factor: what a reward one agent step later is worth.
            minibatch_size: transitions per update (N).
            replay_start_size: agent steps before learning begins.
            update_frequency: agent steps per update.
            compiled: run each update as one compiled program.
        """
        # parts
        self.q_dist = q_dist
        self.policy = policy
        self.replay_buffer = replay_buffer
        # hyperparameters
        self.discount_factor = discount_factor
        self.minibatch_size = minibatch_size
        self.replay_start_size = replay_start_size
        self.update_frequency = update_frequency
        # private
        self._state: State | None = None
        self._action: Tensor | None = None
        self._updates = 0
        self._learn = CompiledUpdate(self._update, [q_dist]) if compiled else self._update

    def act(self, state: State) -> Tensor:
        """Remember what the last action led to, learn, and choose the next action."""
        self.replay_buffer.store(self._state, self._action, state)
        self._train()
        self._state = state
        self._action = self.policy.no_grad(state)
        return self._action

    def _train(self) -> None:
        while self._should_train():
            divergences = self._learn(*self.replay_buffer.sample(self.minibatch_size))
            # prioritised replay draws by the divergence
            self.replay_buffer.update_priorities(divergences)
            self._updates += 1

    def _update(
        self, states: StateArray, actions: Tensor, rewards: Tensor, next_states: StateArray, weights: Tensor
    ) -> Tensor:
        """Learn from transitions; how far their distributions were from the targets, in nats, `[N]`."""
        # forward pass
        log_probabilities = self.q_dist.log_probabilities(states, actions)
        # targets: the return of the best next action, shrunk and shifted; a terminal state's is worth nothing
        next_distributions = self.q_dist.target(next_states)
        next_values = only_legal(next_states, self.q_dist.expectation(next_distributions))
        next_actions = torch.argmax(next_values, dim=1)
        best = torch.take_along_dim(next_distributions, next_actions[:, None, None], dim=1).squeeze(1)
        discounts = self.discount_factor ** next_states["steps"] * next_states.mask
        targets = self.q_dist.project(rewards, discounts, best)
        # backward pass
        cross_entropies = -torch.sum(targets * log_probabilities, dim=1)
        self.q_dist.reinforce(torch.mean(weights * cross_entropies))
        entropies = torch.sum(torch.special.entr(targets), dim=1)
        return (cross_entropies.detach() - entropies).clamp(min=0)  # rounding can bring them below 0

    def _should_train(self) -> bool:
        steps_since_start = self.replay_buffer.stored - self.replay_start_size
        due = steps_since_start >= (self._updates + 1) * self.update_frequency
        return due and len(self.replay_buffer) > 0  # transitions of several steps may not be complete yet

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers, with the state and the action in flight."""
        return {
            "q_dist": self.q_dist.state_dict(),
            "policy": self.policy.state_dict(),
            "replay_buffer": self.replay_buffer.state_dict(),
            "updates": self._updates,
            "state": state_to_dict(self._state),
            "action": self._action,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.q_dist.load_state_dict(state["q_dist"])
        self.policy.load_state_dict(state["policy"])
        self.replay_buffer.load_state_dict(state["replay_buffer"])
        self._updates = state["updates"]
        self._state = state_from_dict(state["state"])
        self._action = state["action"]
