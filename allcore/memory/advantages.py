"""Rollouts that come with their advantages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from allcore.core import StateArray
from allcore.errors import UsageError
from allcore.memory.returns import generalized_advantages, n_step_returns
from allcore.memory.rollout import Rollout, RolloutBuffer, minibatch_rows


@dataclass(frozen=True)
class AdvantageBatch:
    """N = T * E rows, each a step of one environment; row `t * E + e` of a whole rollout.

    Rows that are no step (see `Rollout`) have weight 0, advantage 0, and their own value as the return.

    Attributes:
        states: `[N]`, with mask 1.
        actions: `[N, ...]`.
        advantages: `[N]`, not normalised.
        returns: `[N]`, what the values should be.
        values: `[N]`, what the values were.
        weights: `[N]`, 0.0 where the row is no step, else 1.0.
        extras: whatever else was stored with the steps, by name, `[N, ...]`.
    """

    states: StateArray
    actions: Tensor
    advantages: Tensor
    returns: Tensor
    values: Tensor
    weights: Tensor
    extras: dict[str, Tensor]

    def __len__(self) -> int:
        """N."""
        return len(self.weights)

    def __getitem__(self, rows: Tensor | slice) -> AdvantageBatch:
        """The rows with these indices `[B]`."""
        return AdvantageBatch(
            states=self.states[rows],
            actions=self.actions[rows],
            advantages=self.advantages[rows],
            returns=self.returns[rows],
            values=self.values[rows],
            weights=self.weights[rows],
            extras={name: extra[rows] for name, extra in self.extras.items()},
        )

    def minibatches(self, num: int, generator: torch.Generator) -> Iterator[Tensor]:
        """Indices of all rows in random order, in `num` minibatches of one size; what happens to a rest, `minibatch_rows` says."""
        return minibatch_rows(len(self), num, generator, self.weights.device)


def advantage_batch(rollout: Rollout, values: Tensor, advantages: Tensor) -> AdvantageBatch:
    """The rows of a rollout with their advantages, and the returns that follow from those.

    Args:
        rollout: T steps of E environments.
        values: unmasked, of the T states and of the last next state, `[T + 1, E]`, as `rollout.values` gives them.
        advantages: of the steps, `[T, E]`, with these values; what stands in rows that are no step is left out.

    Raises:
        UsageError: the shapes do not fit together.
    """
    if values.shape != rollout.values_shape or advantages.shape != rollout.weights.shape:
        raise UsageError(
            f"values of shape {list(values.shape)} and advantages of shape {list(advantages.shape)} are not those of a rollout "
            f"with weights of shape {list(rollout.weights.shape)}",
            hint="give values [T + 1, E] with that of the last next state, and advantages [T, E]",
        )
    flat, values, is_step = rollout.flatten(), values[:-1], rollout.weights > 0
    advantages = torch.where(is_step, advantages, 0.0)
    return AdvantageBatch(
        states=flat.states,
        actions=flat.actions,
        advantages=advantages.flatten(),
        returns=(values + advantages).flatten(),
        values=values.flatten(),
        weights=flat.weights,
        extras=flat.extras,
    )


class NStepAdvantageBuffer(RolloutBuffer):
    """A rollout buffer whose advantages are n-step returns less the values.

    Source: Mnih et al. (2016), "Asynchronous methods for deep reinforcement learning", algorithm S3.

    Args:
        v: values `[N]` of states `[N]`, such as `v.no_grad` of a `VNetwork`.
        n_steps: ticks per rollout (T); a state early in it looks up to T steps ahead.
        discount_factor: what a reward one agent step later is worth.
        device: where the steps are kept and handed out.
    """

    def __init__(
        self,
        v: Callable[[StateArray], Tensor],
        n_steps: int,
        discount_factor: float,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(n_steps, device)
        self.v = v
        self.discount_factor = discount_factor

    def advantages(self, last_states: StateArray) -> AdvantageBatch:
        """The T steps, whose last led to `last_states` `[E]`; the buffer is empty again.

        Raises:
            UsageError: the buffer is not full.
        """
        rollout, values = _rollout_and_values(self, last_states, self.v)
        returns = n_step_returns(
            rollout.rewards, values, rollout.next_masks, rollout.next_dones, self.discount_factor
        )
        return advantage_batch(rollout, values, returns - values[:-1])


class GeneralizedAdvantageBuffer(RolloutBuffer):
    """A rollout buffer with generalised advantage estimates.

    Source: Schulman et al. (2016), "High-dimensional continuous control using generalized advantage estimation".

    Args:
        v: values `[N]` of states `[N]`, such as `v.no_grad` of a `VNetwork`.
        n_steps: ticks per rollout (T).
        discount_factor: what a reward one agent step later is worth.
        lam: from 0 (one-step errors) to 1 (whole returns less the value).
        device: where the steps are kept and handed out.
    """

    def __init__(
        self,
        v: Callable[[StateArray], Tensor],
        n_steps: int,
        discount_factor: float,
        lam: float,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(n_steps, device)
        self.v = v
        self.discount_factor = discount_factor
        self.lam = lam

    def advantages(self, last_states: StateArray) -> AdvantageBatch:
        """The T steps, whose last led to `last_states` `[E]`; the buffer is empty again.

        Raises:
            UsageError: the buffer is not full.
        """
        rollout, values = _rollout_and_values(self, last_states, self.v)
        advantages = generalized_advantages(
            rollout.rewards, values, rollout.next_masks, rollout.next_dones, self.discount_factor, self.lam
        )
        return advantage_batch(rollout, values, advantages)


def _rollout_and_values(
    buffer: RolloutBuffer, last_states: StateArray, v: Callable[[StateArray], Tensor]
) -> tuple[Rollout, Tensor]:
    rollout = buffer.rollout(last_states)
    with torch.no_grad():
        return rollout, rollout.values(v)
