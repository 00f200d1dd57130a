"""Implicit quantile networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import Agent
from allcore.approximation import CompiledUpdate
from allcore.core import only_legal, state_from_dict, state_to_dict
from allcore.nn import quantile_huber_loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import QImplicitQuantiles
    from allcore.core import State, StateArray
    from allcore.memory import ReplayBuffer
    from allcore.policies import GreedyPolicy


class IQN(Agent):
    """Implicit quantile network: learns the quantile functions of the returns at random fractions.

    Paper: Dabney et al. (2018), Implicit quantile networks for distributional reinforcement learning, ICML, section 3.

    What differs from the paper: networks, exploration, replay and preprocessing are parts that a preset composes; the
    policy is risk-neutral. As in DQN Zoo and Dopamine the target network chooses the next action, too. The loss is the
    mean over the minibatch. Priorities, which the paper has not, are the losses of the transitions. It acts in one
    environment or, given a `StateArray`, in several, at the same number of updates per agent step.
    """

    def __init__(
        self,
        q: QImplicitQuantiles,
        policy: GreedyPolicy,
        replay_buffer: ReplayBuffer,
        *,
        discount_factor: float = 0.99,
        huber_threshold: float = 1.0,
        n_fractions: int = 64,
        n_target_fractions: int = 64,
        minibatch_size: int = 32,
        replay_start_size: int = 5000,
        update_frequency: int = 1,
        compiled: bool = False,
    ) -> None:
        """Compose the agent.

        Args:
            q: the quantile functions of the return of each action, with the optimizer and the target network.
            policy: chooses the actions while training.
            replay_buffer: keeps the transitions.
            discount_factor: what a reward one agent step later is worth.
            huber_threshold: the error at which the loss turns from square to linear (the paper's kappa).
            n_fractions: quantiles learnt of each transition (I; the paper's N).
            n_target_fractions: samples of the return that they are learnt from (J; the paper's N').
            minibatch_size: transitions per update (N).
            replay_start_size: agent steps before learning begins.
            update_frequency: agent steps per update.
            compiled: run each update as one compiled program.
        """
        # parts
        self.q = q
        self.policy = policy
        self.replay_buffer = replay_buffer
        # hyperparameters
        self.discount_factor = discount_factor
        self.huber_threshold = huber_threshold
        self.n_fractions = n_fractions
        self.n_target_fractions = n_target_fractions
        self.minibatch_size = minibatch_size
        self.replay_start_size = replay_start_size
        self.update_frequency = update_frequency
        # private
        self._state: State | None = None
        self._action: Tensor | None = None
        self._updates = 0
        self._learn = CompiledUpdate(self._update, [q]) if compiled else self._update

    def act(self, state: State) -> Tensor:
        """Remember what the last action led to, learn, and choose the next action."""
        self.replay_buffer.store(self._state, self._action, state)
        self._train()
        self._state = state
        self._action = self.policy.no_grad(state)
        return self._action

    def _train(self) -> None:
        while self._should_train():
            losses = self._learn(*self.replay_buffer.sample(self.minibatch_size))
            # prioritised replay draws by the size of the losses
            self.replay_buffer.update_priorities(losses)
            self._updates += 1

    def _update(
        self, states: StateArray, actions: Tensor, rewards: Tensor, next_states: StateArray, weights: Tensor
    ) -> Tensor:
        """Learn from transitions; their losses `[N]`."""
        # forward pass
        fractions = self.q.draw(states, self.n_fractions)
        quantiles = self.q(states, fractions, actions)
        targets = self._targets(rewards, next_states)
        # backward pass
        losses = quantile_huber_loss(quantiles, fractions, targets, self.huber_threshold)
        self.q.reinforce(torch.mean(weights * losses))
        return losses.detach()

    def _targets(self, rewards: Tensor, next_states: State) -> Tensor:
        """Samples `[N, J]` of the return: those from the next states on if the action of the highest mean is taken."""
        # Fractions to choose the action by and fractions to learn from are independent, but one forward pass serves both.
        n_choosing, n_learning = self.q.n_acting, self.n_target_fractions
        fractions = self.q.draw(next_states, n_choosing + n_learning)
        quantiles = self.q.target(next_states, fractions)  # [N, A, ...], zero where the state is terminal
        choosing, learning = quantiles.split([n_choosing, n_learning], dim=2)
        best_actions = torch.argmax(only_legal(next_states, choosing.mean(dim=2)), dim=1)
        next_quantiles = learning.take_along_dim(best_actions[:, None, None], dim=1).squeeze(1)
        discounts = self.discount_factor ** next_states["steps"]
        return rewards.unsqueeze(1) + discounts.unsqueeze(1) * next_quantiles

    def _should_train(self) -> bool:
        steps_since_start = self.replay_buffer.stored - self.replay_start_size
        due = steps_since_start >= (self._updates + 1) * self.update_frequency
        return due and len(self.replay_buffer) > 0  # transitions of several steps may not be complete yet

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers, with the state and the action in flight."""
        return {
            "q": self.q.state_dict(),
            "policy": self.policy.state_dict(),
            "replay_buffer": self.replay_buffer.state_dict(),
            "updates": self._updates,
            "state": state_to_dict(self._state),
            "action": self._action,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.q.load_state_dict(state["q"])
        self.policy.load_state_dict(state["policy"])
        self.replay_buffer.load_state_dict(state["replay_buffer"])
        self._updates = state["updates"]
        self._state = state_from_dict(state["state"])
        self._action = state["action"]
