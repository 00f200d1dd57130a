"""Deep Q-learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import smooth_l1_loss

from allcore.agents import Agent
from allcore.approximation import CompiledUpdate
from allcore.core import state_from_dict, state_to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from allcore.approximation import QNetwork
    from allcore.core import State, StateArray
    from allcore.memory import ReplayBuffer
    from allcore.policies import GreedyPolicy


class DQN(Agent):
    """Deep Q-Network: Q-learning from replayed transitions, towards the values of a target network.

    Paper: Mnih et al. (2015), Human-level control through deep reinforcement learning, Nature 518, Algorithm 1.

    What differs from the paper: networks, exploration, replay and preprocessing are parts that a preset composes. The
    default loss is the mean Huber loss, whose gradient is the paper's clipped error over the minibatch size. It acts in
    one environment or, given a `StateArray`, in several, at the same number of updates per agent step.
    """

    def __init__(
        self,
        q: QNetwork,
        policy: GreedyPolicy,
        replay_buffer: ReplayBuffer,
        *,
        discount_factor: float = 0.99,
        loss: Callable[..., Tensor] = smooth_l1_loss,
        minibatch_size: int = 32,
        replay_start_size: int = 5000,
        update_frequency: int = 1,
        compiled: bool = False,
    ) -> None:
        """Compose the agent.

        Args:
            q: the action values, with the optimizer and the target network.
            policy: chooses the actions while training.
            replay_buffer: keeps the transitions.
            discount_factor: what a reward one agent step later is worth.
            loss: of values and targets, both `[N]`; with `reduction="none"` the loss of each transition `[N]`, as torch's
                losses have it.
            minibatch_size: transitions per update (N).
            replay_start_size: agent steps before learning begins.
            update_frequency: agent steps per update.
            compiled: run each update as one compiled program.
        """
        # parts
        self.q = q
        self.policy = policy
        self.replay_buffer = replay_buffer
        self.loss = loss
        # hyperparameters
        self.discount_factor = discount_factor
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
            errors = self._learn(*self.replay_buffer.sample(self.minibatch_size))
            # prioritised replay draws by the size of the errors
            self.replay_buffer.update_priorities(errors)
            self._updates += 1

    def _update(
        self, states: StateArray, actions: Tensor, rewards: Tensor, next_states: StateArray, weights: Tensor
    ) -> Tensor:
        """Learn from transitions; how wrong their values were, `[N]`."""
        # forward pass
        values = self.q(states, actions)
        # targets: a terminal state's values are masked to zero
        discounts = self.discount_factor ** next_states["steps"]
        targets = rewards + discounts * torch.amax(self.q.target(next_states), dim=1)
        # backward pass
        losses = self.loss(values, targets, reduction="none")
        self.q.reinforce(torch.mean(weights * losses))
        return torch.abs(targets - values.detach())

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
