"""Returns and advantages of a policy from what another, older policy did."""

from __future__ import annotations

import torch
from torch import Tensor

from allcore.errors import UsageError
from allcore.memory.returns import generalized_advantages


@torch.no_grad()
def v_trace(
    rewards: Tensor,
    values: Tensor,
    next_masks: Tensor,
    next_dones: Tensor,
    ratios: Tensor,
    discount_factor: float,
    *,
    lam: float = 1.0,
    max_rho: float = 1.0,
    max_c: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """V-trace targets for values, and advantages for the policy.

    `delta[t] = rho[t] (r[t] + discount_factor * mask[t+1] * V[t+1] - V[t])`, and
    `vs[t] = V[t] + delta[t] + discount_factor * c[t] * (vs[t+1] - V[t+1])` where the episode goes on, else without the last
    term; `advantage[t] = rho[t] (r[t] + discount_factor * vs[t+1] - V[t])`, with `mask[t+1] * V[t+1]` in place of `vs[t+1]` at an
    end and at the last step. Here `rho = min(max_rho, ratio)` and `c = lam * min(max_c, ratio)`. With all ratios 1, targets
    are lambda returns.

    The rules on episode ends are those of `allcore.memory.returns`. Letters: T steps, E environments.

    Source: Espeholt et al. (2018), "IMPALA: scalable distributed deep-RL with importance weighted actor-learner architectures",
    equation 1, remark 1, remark 2 (lambda) and section 4.2 (advantages).

    Args:
        rewards: of each step, `[T, E]`.
        values: unmasked, of the T states and of the last next state, `[T + 1, E]`.
        next_masks: 0 where the next state has no future, else 1, `[T, E]`.
        next_dones: whether an episode ended in the next state, `[T, E]`.
        ratios: how likely the action is to the policy that learns, over how likely it was to the one that acted, `[T, E]`.
        discount_factor: what a reward one agent step later is worth.
        lam: from 0 (one-step targets) to 1.
        max_rho: where the weight of a step is cut; which policy's values are learnt depends on it.
        max_c: where the weight of what comes later is cut; how fast they are learnt depends on it.

    Returns:
        Targets and advantages, both `[T, E]`.

    Raises:
        UsageError: the shapes do not fit together.
    """
    if ratios.shape != rewards.shape:
        raise UsageError(f"ratios have shape {list(ratios.shape)}, but rewards {list(rewards.shape)}")
    # One-step errors, by the rules on episode ends: generalised advantages that look a single step ahead.
    errors = generalized_advantages(rewards, values, next_masks, next_dones, discount_factor, lam=0.0)
    rho, c = ratios.clamp(max=max_rho), lam * ratios.clamp(max=max_c)
    goes_on = (next_masks > 0) & ~next_dones
    corrections = torch.empty_like(errors)  # vs - V
    following = torch.zeros_like(errors[-1])
    for step in reversed(range(len(errors))):
        tail = torch.where(goes_on[step], following, 0.0)
        following = corrections[step] = rho[step] * errors[step] + discount_factor * c[step] * tail
    later = torch.where(goes_on[:-1], corrections[1:], 0.0)
    later = torch.cat((later, torch.zeros_like(errors[-1:])))
    return values[:-1] + corrections, rho * (errors + discount_factor * later)
