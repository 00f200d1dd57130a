"""Deep deterministic policy gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import Agent
from allcore.approximation import CompiledUpdate
from allcore.core import state_from_dict, state_to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import QContinuous
    from allcore.core import State, StateArray
    from allcore.memory import ReplayBuffer
    from allcore.policies import DeterministicPolicy, RandomActions


class DDPG(Agent):
    """Deep deterministic policy gradient: Q-learning for actions that are vectors, with an actor in place of the maximum.

    Paper: Lillicrap et al. (2016), Continuous control with deep reinforcement learning, Algorithm 1.

    What differs from the paper: exploration noise is Gaussian and not an Ornstein-Uhlenbeck process, the first actions are
    drawn uniformly, and actions enter the critic with the observation (Fujimoto et al., 2018, "our DDPG"; Achiam, Spinning
    Up). Networks, their penalties and replay are parts that a preset composes. It acts in one environment or, given a
    `StateArray`, in several, at the same number of updates per agent step.
    """

    def __init__(
        self,
        policy: DeterministicPolicy,
        q: QContinuous,
        replay_buffer: ReplayBuffer,
        random_actions: RandomActions,
        *,
        discount_factor: float = 0.99,
        noise: float = 0.1,
        minibatch_size: int = 256,
        replay_start_size: int = 25_000,
        update_frequency: int = 1,
        compiled: bool = False,
    ) -> None:
        """Compose the agent.

        Args:
            policy: the actor, with its optimizer and target network.
            q: the critic, with its optimizer and target network.
            replay_buffer: keeps the transitions.
            random_actions: draws the first actions, and the noise on the later ones.
            discount_factor: what a reward one agent step later is worth.
            noise: the standard deviation of the noise on the actor's actions, in units of half the distance of their bounds.
            minibatch_size: transitions per update (N).
            replay_start_size: agent steps with random actions, before learning begins.
            update_frequency: agent steps per update.
            compiled: run each update as one compiled program.
        """
        # parts
        self.policy = policy
        self.q = q
        self.replay_buffer = replay_buffer
        self.random_actions = random_actions
        # hyperparameters
        self.discount_factor = discount_factor
        self.noise = noise
        self.minibatch_size = minibatch_size
        self.replay_start_size = replay_start_size
        self.update_frequency = update_frequency
        # private
        self._state: State | None = None
        self._action: Tensor | None = None
        self._updates = 0
        self._learn = CompiledUpdate(self._update, [q, policy]) if compiled else self._update

    def act(self, state: State) -> Tensor:
        """Remember what the last action led to, learn, and choose the next action."""
        self.replay_buffer.store(self._state, self._action, state)
        self._train()
        self._state = state
        self._action = self._choose(state)
        return self._action

    def _choose(self, state: State) -> Tensor:
        if self.replay_buffer.stored < self.replay_start_size:
            return self.random_actions.uniform(state)
        actions = self.policy.no_grad(state.to(self.policy.device))
        return self.random_actions.around(actions, self.noise).to(state.device)

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
        # targets: a terminal state's value is masked to zero
        next_values = self.q.target(next_states, self.policy.target(next_states))
        targets = rewards + self.discount_factor ** next_states["steps"] * next_values
        # the critic learns the targets
        errors = targets - self.q(states, actions)
        self.q.reinforce(torch.mean(weights * errors.square()))
        # the actor follows the critic's gradient
        with self.q.frozen():
            values = self.q(states, self.policy(states))
        self.policy.reinforce(-values.mean())
        return errors.detach().abs()

    def _should_train(self) -> bool:
        steps_since_start = self.replay_buffer.stored - self.replay_start_size
        due = steps_since_start >= (self._updates + 1) * self.update_frequency
        return due and len(self.replay_buffer) > 0  # transitions of several steps may not be complete yet

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers, with the state and the action in flight."""
        return {
            "policy": self.policy.state_dict(),
            "q": self.q.state_dict(),
            "replay_buffer": self.replay_buffer.state_dict(),
            "random_actions": self.random_actions.state_dict(),
            "updates": self._updates,
            "state": state_to_dict(self._state),
            "action": self._action,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.policy.load_state_dict(state["policy"])
        self.q.load_state_dict(state["q"])
        self.replay_buffer.load_state_dict(state["replay_buffer"])
        self.random_actions.load_state_dict(state["random_actions"])
        self._updates = state["updates"]
        self._state = state_from_dict(state["state"])
        self._action = state["action"]
