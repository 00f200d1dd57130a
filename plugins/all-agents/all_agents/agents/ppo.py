"""Proximal policy optimization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.agents import ParallelAgent
from allcore.approximation import CompiledUpdate
from allcore.memory.advantages import advantage_batch
from allcore.memory.diagnostics import explained_variance
from allcore.memory.returns import generalized_advantages, normalize, weighted_mean
from allcore.optim import as_schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from allcore.approximation import ActorCritic
    from allcore.core import StateArray
    from allcore.logging import Logger
    from allcore.memory import AdvantageBatch, Rollout, RolloutBuffer
    from allcore.optim import Schedule

# What an update tells of itself, in this order.
_DIAGNOSTICS = ("loss/policy", "loss/value", "policy/entropy", "policy/approx_kl", "policy/clip_fraction")
_APPROX_KL = _DIAGNOSTICS.index("policy/approx_kl")


class PPO(ParallelAgent):
    """Proximal policy optimization: several passes over each rollout, with nothing to gain from going far.

    Paper: Schulman et al. (2017), Proximal policy optimization algorithms, Algorithm 1 with the clipped objective,
    equations 7 and 9. Details: Huang et al. (2022), The 37 implementation details of proximal policy optimization.

    What differs from the paper: advantages are brought to mean 0 and deviation 1 in each minibatch, as in OpenAI's code
    (detail 7). Networks, their initial weights and normalised observations are parts that a preset composes.

    Shapes: T steps, E environments, B rows in a minibatch.

    Attributes:
        steps: agent steps so far, over all environments.
    """

    def __init__(
        self,
        actor_critic: ActorCritic,
        rollout_buffer: RolloutBuffer,
        *,
        generator: torch.Generator,
        discount_factor: float = 0.99,
        lam: float = 0.95,
        n_epochs: int = 4,
        n_minibatches: int = 4,
        clip_ratio: Schedule | float = 0.2,
        clip_values: bool = False,
        normalize_advantages: bool = True,
        recompute_advantages: bool = False,
        value_loss_scaling: float = 0.5,
        entropy_loss_scaling: float = 0.01,
        target_kl: float | None = None,
        compiled: bool = False,
        logger: Logger | None = None,
        log_interval: int = 10,
    ) -> None:
        """Compose the agent.

        Args:
            actor_critic: policy and values, with their optimizer.
            rollout_buffer: keeps the T steps until they are learnt from.
            generator: draws the minibatches, on the CPU.
            discount_factor: what a reward one agent step later is worth.
            lam: the lambda of generalised advantages.
            n_epochs: how often every rollout is gone through.
            n_minibatches: in how many parts (updates) each time.
            clip_ratio: how far the probability of an action may move from 1 times what it was before there is nothing more to
                gain; fixed, or a schedule over agent steps.
            clip_values: let the loss of a value not fall by moving it further than `clip_ratio` from what it was.
            normalize_advantages: bring those of each minibatch to mean 0 and deviation 1.
            recompute_advantages: estimate advantages anew before each epoch, with the values as they are then.
            value_loss_scaling: a factor on the squared error of the values.
            entropy_loss_scaling: a factor on the policy's entropy, in nats, which is kept high.
            target_kl: no further epoch begins once the policy has moved this far from the one that acted, in nats, as the
                mean over an epoch has it; None asks nothing, and an update then never waits for an accelerator.
            compiled: run each update as one compiled program.
            logger: told of the last epoch's losses and how far the policy has moved.
            log_interval: rollouts from one such log to the next; the first is always logged.
        """
        # parts
        self.actor_critic = actor_critic
        self.rollout_buffer = rollout_buffer
        self.logger = logger
        # hyperparameters
        self.discount_factor = discount_factor
        self.lam = lam
        self.n_epochs = n_epochs
        self.n_minibatches = n_minibatches
        self.clip_ratio = as_schedule(clip_ratio)
        self.clip_values = clip_values
        self.normalize_advantages = normalize_advantages
        self.recompute_advantages = recompute_advantages
        self.value_loss_scaling = value_loss_scaling
        self.entropy_loss_scaling = entropy_loss_scaling
        self.target_kl = target_kl
        self.log_interval = log_interval
        # private
        self.steps = 0
        self._rollouts = 0
        self._generator = generator
        self._learn = CompiledUpdate(self._update, [actor_critic]) if compiled else self._update
        self._choose = CompiledUpdate(self._draw, [actor_critic]) if compiled else self._draw

    def act(self, state_array: StateArray) -> Tensor:
        """Learn when a rollout is complete, and draw the next actions."""
        states = state_array.to(self.actor_critic.device)
        if self.rollout_buffer.full:
            self._train(self.rollout_buffer.rollout(states))
        actions, log_probs = self._choose(states)
        self.rollout_buffer.store(states, actions, log_probs=log_probs)
        self.steps += len(state_array) - int(torch.count_nonzero(state_array.done))
        return actions.to(state_array.device)

    def _draw(self, states: StateArray) -> tuple[Tensor, Tensor]:
        """Actions, and how likely they were to the policy that acted: ratios will be to that."""
        distribution = self.actor_critic.distribution(states)
        actions = distribution.sample()
        return actions, distribution.log_prob(actions)

    def _train(self, rollout: Rollout) -> None:
        batch, clip = self._batch(rollout), self.clip_ratio(self.steps)
        for epoch in range(self.n_epochs):
            if epoch > 0 and self.recompute_advantages:
                batch = self._batch(rollout)
            minibatches = batch.minibatches(self.n_minibatches, self._generator)
            diagnostics = torch.stack([self._learn(batch, rows, clip) for rows in minibatches]).mean(0)
            if self.target_kl is not None and diagnostics[_APPROX_KL] > self.target_kl:
                break
        self._log(batch, diagnostics)

    def _batch(self, rollout: Rollout) -> AdvantageBatch:
        """All rows with their advantages, by the values as they are now."""
        values = rollout.values(self.actor_critic.values)
        advantages = generalized_advantages(
            rollout.rewards, values, rollout.next_masks, rollout.next_dones, self.discount_factor, self.lam
        )
        return advantage_batch(rollout, values, advantages)

    def _update(self, rollout: AdvantageBatch, rows: Tensor, clip: float) -> Tensor:
        """One update from these rows `[B]`; what it tells of itself, `[5]`."""
        batch = rollout[rows]
        # forward pass
        distribution, values = self.actor_critic(batch.states)
        log_ratios = distribution.log_prob(batch.actions) - batch.extras["log_probs"]
        ratios = log_ratios.exp()
        # losses; rows that are no step, because an episode began there, have weight zero
        policy_loss = weighted_mean(self._policy_losses(ratios, batch, clip), batch.weights)
        value_loss = weighted_mean(self._value_losses(values, batch, clip), batch.weights)
        entropy = weighted_mean(distribution.entropy(), batch.weights)
        # backward pass
        self.actor_critic.reinforce(
            policy_loss + self.value_loss_scaling * value_loss - self.entropy_loss_scaling * entropy
        )
        # the estimate of the divergence that is never negative: Schulman (2020), "Approximating KL divergence"
        approx_kl = weighted_mean(ratios - 1 - log_ratios, batch.weights)
        clip_fraction = weighted_mean(((ratios - 1).abs() > clip).float(), batch.weights)
        return torch.stack((policy_loss, value_loss, entropy, approx_kl, clip_fraction)).detach()

    def _policy_losses(self, ratios: Tensor, batch: AdvantageBatch, clip: float) -> Tensor:
        """The clipped objective of each row, as a loss: the paper's equation 7."""
        advantages = batch.advantages
        if self.normalize_advantages:
            advantages = normalize(advantages, batch.weights)
        return -torch.min(ratios * advantages, ratios.clamp(1 - clip, 1 + clip) * advantages)

    def _value_losses(self, values: Tensor, batch: AdvantageBatch, clip: float) -> Tensor:
        """The squared error of each row; where values are clipped, the larger one with and without (detail 9)."""
        losses = (values - batch.returns).square()
        if self.clip_values:
            clipped = batch.values + (values - batch.values).clamp(-clip, clip)
            losses = torch.max(losses, (clipped - batch.returns).square())
        return losses

    def _log(self, batch: AdvantageBatch, diagnostics: Tensor) -> None:
        if self.logger is not None and self._rollouts % self.log_interval == 0:
            for name, value in zip(_DIAGNOSTICS, diagnostics, strict=True):
                self.logger.debug(name, value, self.steps)
            explained = explained_variance(batch.values, batch.returns, batch.weights)
            self.logger.debug("value/explained_variance", explained, self.steps)
        self._rollouts += 1

    def state_dict(self) -> dict[str, Any]:
        """Everything the agent has learnt and remembers; the state and action in flight are in the buffer."""
        return {
            "actor_critic": self.actor_critic.state_dict(),
            "rollout_buffer": self.rollout_buffer.state_dict(),
            "generator": self._generator.get_state(),
            "steps": self.steps,
            "rollouts": self._rollouts,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.actor_critic.load_state_dict(state["actor_critic"])
        self.rollout_buffer.load_state_dict(state["rollout_buffer"])
        self._generator.set_state(state["generator"])
        self.steps = state["steps"]
        self._rollouts = state["rollouts"]
