"""Returns and advantages of a stretch of time, from rewards and values: functions of tensors, and nothing else.

Letters: T steps, E environments. Step t leads from the state at tick t to the state at tick t + 1, the *next* state.

All of them take

- `rewards` `[T, E]`: the reward of step t, received on arriving in the next state;
- `next_masks` `[T, E]`: 0 where the next state has no future (terminated, or a life lost), else 1;
- `next_dones` `[T, E]`: whether an episode ended in the next state, for whatever reason;

and values that no mask has been applied to. The rules on episode ends (`docs/explanation/state-and-episode-ends.md`):

- a truncated episode bootstraps from its final observation, which under next-step autoreset is the next state itself;
- after a zero mask nothing is bootstrapped, whatever value stands there;
- no sum goes on past the end of an episode or the loss of a life;
- the row of a reset tick (the state at tick t is done) is no step. Its result means nothing, and nothing that stands in it
  reaches another row: not even an infinity or NaN.

What comes out are targets: no gradient flows through them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from allcore.errors import UsageError


@torch.no_grad()
def generalized_advantages(
    rewards: Tensor,
    values: Tensor,
    next_masks: Tensor,
    next_dones: Tensor,
    discount_factor: float,
    lam: float,
) -> Tensor:
    """Generalised advantage estimates: the sum of discounted temporal-difference errors, up to the episode's end.

    `delta[t] = r[t] + discount_factor * mask[t+1] * V[t+1] - V[t]`, and
    `A[t] = delta[t] + discount_factor * lam * A[t+1]` where the episode goes on, else `A[t] = delta[t]`.

    Source: Schulman et al. (2016), "High-dimensional continuous control using generalized advantage estimation",
    equations 11, 12 and 16.

    Args:
        rewards: see above.
        values: `V`, unmasked, of the T states and of the last next state, `[T + 1, E]`.
        next_masks: see above.
        next_dones: see above.
        discount_factor: what a reward one agent step later is worth.
        lam: from 0 (one-step errors) to 1 (whole returns less the value).

    Returns:
        Advantages `[T, E]`. Added to `values[:-1]` they are the returns that a value function is fitted to.

    Raises:
        UsageError: the shapes do not fit together.
    """
    _check_shapes(rewards, next_masks, next_dones, values=values)
    deltas = rewards + discount_factor * _masked(values[1:], next_masks) - values[:-1]
    return _discounted_sums(deltas, _goes_on(next_masks, next_dones), discount_factor * lam)


@torch.no_grad()
def n_step_returns(
    rewards: Tensor, values: Tensor, next_masks: Tensor, next_dones: Tensor, discount_factor: float
) -> Tensor:
    """Discounted rewards up to the episode's end or the last step, and the value of where that leads.

    So a state early in the stretch looks up to T steps ahead and the last one a single step.

    Source: Mnih et al. (2016), "Asynchronous methods for deep reinforcement learning", algorithm S3.

    Args:
        rewards: see above.
        values: unmasked, of the T states and of the last next state, `[T + 1, E]`.
        next_masks: see above.
        next_dones: see above.
        discount_factor: what a reward one agent step later is worth.

    Returns:
        Returns `[T, E]`. Less `values[:-1]` they are advantages.

    Raises:
        UsageError: the shapes do not fit together.
    """
    _check_shapes(rewards, next_masks, next_dones, values=values)
    return lambda_returns(rewards, values[1:], next_masks, next_dones, discount_factor, lam=1.0)


@torch.no_grad()
def lambda_returns(
    rewards: Tensor,
    next_values: Tensor,
    next_masks: Tensor,
    next_dones: Tensor,
    discount_factor: float,
    lam: float,
) -> Tensor:
    """Returns that mix every number of steps, with weights that fall by `lam` from one to the next.

    `G[t] = r[t] + discount_factor * ((1 - lam) * V[t+1] + lam * G[t+1])` where the episode goes on; at its end and at the
    last step `G[t] = r[t] + discount_factor * mask[t+1] * V[t+1]`.

    Source: Sutton and Barto (2018), "Reinforcement learning: an introduction", equations 12.18 and 12.20; with the
    greatest action value as `V`, Gallici et al. (2024), "Simplifying deep temporal difference learning", the returns of PQN.

    Args:
        rewards: see above.
        next_values: `V`, unmasked, of the next states, `[T, E]`: a state's value, or its greatest action value.
        next_masks: see above.
        next_dones: see above.
        discount_factor: what a reward one agent step later is worth.
        lam: from 0 (one step) to 1 (as many steps as there are).

    Returns:
        Returns `[T, E]`.

    Raises:
        UsageError: the shapes do not fit together.
    """
    _check_shapes(rewards, next_masks, next_dones, next_values=next_values)
    futures = _masked(next_values, next_masks).to(torch.promote_types(rewards.dtype, next_values.dtype))
    goes_on = _goes_on(next_masks, next_dones)
    goes_on[-1] = False  # as far as is known
    steps = rewards + discount_factor * torch.where(goes_on, (1 - lam) * futures, futures)
    return _discounted_sums(steps, goes_on, discount_factor * lam)


def weighted_mean(x: Tensor, weights: Tensor) -> Tensor:
    """The mean of `x` over the rows that count: a scalar, with gradients.

    Args:
        x: one number per row.
        weights: of the same shape; a row of weight 0 does not count, whatever stands in it: not even an infinity or NaN.
            The gradient to its `x` is 0. What that comes from needs a finite derivative there, as 0 times infinity is NaN.

    Returns:
        The sum of `weights * x` over the sum of the weights; 0 where no row counts.

    Raises:
        UsageError: the shapes differ.
    """
    _check_weights(x, weights)
    total = weights.sum()
    counted = torch.where(weights > 0, x, 0.0)
    return (weights * counted).sum() / torch.where(total > 0, total, 1.0)


@torch.no_grad()
def normalize(advantages: Tensor, weights: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Advantages with mean 0 and standard deviation 1 over the rows that count.

    Rows of weight 0 become 0. If no more than one row counts, it stays as it is: its deviation would be 0 and its sign,
    which is all there is to learn from, would be lost.

    Source: Huang et al. (2022), "The 37 implementation details of proximal policy optimization": normalization of advantages. The
    deviation is that of the rows themselves (divided by their number), as in openai/baselines, ppo2/model.py.

    Args:
        advantages: any shape.
        weights: of the same shape.
        epsilon: added to the deviation.

    Raises:
        UsageError: the shapes differ.
    """
    _check_weights(advantages, weights)
    counts = weights > 0
    mean = weighted_mean(advantages, weights)
    centred = torch.where(counts, advantages - mean, 0.0)
    deviation = weighted_mean(centred.square(), weights).sqrt()
    normalized = centred / (deviation + epsilon)
    return torch.where(counts.sum() > 1, normalized, torch.where(counts, advantages, 0.0))


def _check_weights(x: Tensor, weights: Tensor) -> None:
    """Refuse what would otherwise be broadcast in silence."""
    if x.shape != weights.shape:
        raise UsageError(
            f"weights of shape {list(weights.shape)} do not fit numbers of shape {list(x.shape)}",
            hint="give one weight for each number",
        )


def _discounted_sums(terms: Tensor, goes_on: Tensor, factor: float) -> Tensor:
    """`sums[t] = terms[t] + factor * sums[t+1]` where `goes_on[t]`, else `terms[t]`; all `[T, E]`.

    Not step by step: sums of 1, 2, 4, ... terms are put together until they reach the end, log2(T) times (Hillis and Steele 1986,
    "Data parallel algorithms"). For 128 steps of 8 environments that takes a fifth of the time.
    """
    sums, reach = terms.clone(), 1
    reaches = goes_on[:-1]  # whether row t goes on to row t + reach, [T - reach, E]
    while len(reaches) > 0:
        later = torch.where(reaches, sums[reach:], 0.0)
        sums[:-reach].add_(later, alpha=factor**reach)
        reaches = reaches[:-reach] & reaches[reach:]
        reach *= 2
    return sums


def _masked(values: Tensor, masks: Tensor) -> Tensor:
    """Values where the mask is not zero; a product would let an infinity or NaN through as NaN."""
    return torch.where(masks > 0, values, 0.0)


def _goes_on(next_masks: Tensor, next_dones: Tensor) -> Tensor:
    """Whether the row of the next state is a step of the same episode and the same life."""
    return (next_masks > 0) & ~next_dones


def _check_shapes(rewards: Tensor, next_masks: Tensor, next_dones: Tensor, **values: Tensor) -> None:
    """Refuse what would otherwise be broadcast in silence."""
    shape = tuple(rewards.shape)
    wanted = {"next_masks": (next_masks, shape), "next_dones": (next_dones, shape)}
    for name, tensor in values.items():
        wanted[name] = (tensor, (shape[0] + 1, *shape[1:]) if name == "values" else shape)
    for name, (tensor, expected) in wanted.items():
        if tuple(tensor.shape) != expected:
            raise UsageError(
                f"{name} have shape {list(tensor.shape)}, but with rewards of shape {list(shape)} they need {list(expected)}",
                hint="letters: rewards [T, E], values [T + 1, E] with that of the last next state, all others [T, E]",
            )
