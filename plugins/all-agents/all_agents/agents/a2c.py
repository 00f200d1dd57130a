"""Advantage actor-critic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import ParallelAgent
from allcore.memory.returns import generalized_advantages, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import ActorCritic
    from allcore.core import StateArray
    from allcore.memory import Rollout, RolloutBuffer


class A2C(ParallelAgent):
    """Advantage actor-critic: one step of policy and values together after every few steps of all environments.

    Paper: Mnih et al. (2016), Asynchronous methods for deep reinforcement learning, Algorithm S3, in its synchronous form
    (Wu et al., 2017, "OpenAI Baselines: ACKTR & A2C"): instead of many learners that disturb each other, one learner waits
    for all environments.

    What differs from the paper: the losses are means over the T * E steps, and the entropy's gradient is that of the whole
    policy, not of the action taken. With `lam` below 1 advantages are generalised ones (Schulman et al., 2016).

    Shapes: T steps, E environments.

    Attributes:
        steps: agent steps so far, over all environments.
    """

    def __init__(
        self,
        actor_critic: ActorCritic,
        rollout_buffer: RolloutBuffer,
        *,
        discount_factor: float = 0.99,
        lam: float = 1.0,
        value_loss_scaling: float = 0.5,
        entropy_loss_scaling: float = 0.01,
    ) -> None:
        """Compose the agent.

        Args:
            actor_critic: policy and values, with their optimizer.
            rollout_buffer: keeps the T steps until they are learnt from.
            discount_factor: what a reward one agent step later is worth.
            lam: the lambda of advantages; 1 compares returns over all steps of the rollout with the value, as the paper does.
            value_loss_scaling: a factor on the squared error of the values.
            entropy_loss_scaling: a factor on the policy's entropy, in nats, which is kept high.
        """
        # parts
        self.actor_critic = actor_critic
        self.rollout_buffer = rollout_buffer
        # hyperparameters
        self.discount_factor = discount_factor
        self.lam = lam
        self.value_loss_scaling = value_loss_scaling
        self.entropy_loss_scaling = entropy_loss_scaling
        # private
        self.steps = 0

    def act(self, state_array: StateArray) -> Tensor:
        """Learn when a rollout is complete, and draw the next actions."""
        states = state_array.to(self.actor_critic.device)
        if self.rollout_buffer.full:
            self._train(states)
        distribution = self.actor_critic.distribution(states)
        actions: Tensor = distribution.sample()
        self.rollout_buffer.store(states, actions)
        self.steps += len(state_array) - int(torch.count_nonzero(state_array.done))
        return actions.to(state_array.device)

    def _train(self, last_states: StateArray) -> None:
        rollout = self.rollout_buffer.rollout(last_states)
        # forward pass
        distribution, values = self.actor_critic(rollout.states)
        # advantages: what the rollout was worth, less what the values said
        advantages = self._advantages(rollout, values.detach())
        returns = advantages + values.detach()
        # losses; rows that are no step, because an episode began there, have weight zero
        policy_losses = -distribution.log_prob(rollout.actions) * advantages
        value_losses = (returns - values).square()
        losses = (
            policy_losses
            + self.value_loss_scaling * value_losses
            - self.entropy_loss_scaling * distribution.entropy()
        )
        # backward pass
        self.actor_critic.reinforce(weighted_mean(losses, rollout.weights))

    def _advantages(self, rollout: Rollout, values: Tensor) -> Tensor:
        """Advantages `[T, E]` of the steps, from the values `[T, E]` of their states."""
        last_values = self.actor_critic.values(rollout.last_states)
        return generalized_advantages(
            rollout.rewards,
            torch.cat((values, last_values.unsqueeze(0))),
            rollout.next_masks,
            rollout.next_dones,
            self.discount_factor,
            self.lam,
        )

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers; the state and action in flight are in the buffer."""
        return {
            "actor_critic": self.actor_critic.state_dict(),
            "rollout_buffer": self.rollout_buffer.state_dict(),
            "steps": self.steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.actor_critic.load_state_dict(state["actor_critic"])
        self.rollout_buffer.load_state_dict(state["rollout_buffer"])
        self.steps = state["steps"]
