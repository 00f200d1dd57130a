"""V-trace against the paper's sum, written out term by term, over every pattern of episode ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from allcore.errors import UsageError
from allcore.memory import lambda_returns, v_trace

DISCOUNT = 0.9
stretches = st.tuples(
    st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 3), st.sampled_from([0.0, 0.3, 0.7])
)


def random_stretch(seed: int, steps: int, envs: int, ending: float) -> dict[str, np.ndarray]:
    """Rewards, next masks, next dones and ratios `[T, E]`, values `[T + 1, E]`; the row after a done is a reset tick."""
    rng = np.random.default_rng(seed)
    dones = np.zeros((steps, envs), dtype=bool)
    for step in range(steps):
        before = dones[step - 1] if step else np.zeros(envs, dtype=bool)
        dones[step] = ~before & (rng.random(envs) < ending)
    lost = ~dones & (rng.random((steps, envs)) < ending / 3)
    masks = 1.0 - ((dones & (rng.random((steps, envs)) < 0.5)) | lost)
    return {
        "rewards": rng.normal(size=(steps, envs)),
        "values": rng.normal(size=(steps + 1, envs)),
        "next_masks": masks,
        "next_dones": dones,
        "ratios": rng.lognormal(size=(steps, envs)),
    }


def call(stretch: dict[str, np.ndarray], **options: float) -> tuple[np.ndarray, np.ndarray]:
    tensors = {name: torch.from_numpy(part) for name, part in stretch.items()}
    targets, advantages = v_trace(**tensors, discount_factor=DISCOUNT, **options)
    return targets.numpy(), advantages.numpy()


def by_the_paper(
    stretch: dict[str, np.ndarray], s: int, env: int, lam: float, max_rho: float, max_c: float
) -> float:
    """Equation 1: V(x_s) plus the sum over t of discount^(t-s) (product of c_i from s to t-1) delta_t."""
    rewards, values, masks, dones, ratios = (stretch[name][:, env] for name in stretch)
    target = values[s]
    for t in range(s, len(rewards)):
        if any(dones[i] or masks[i] == 0 for i in range(s, t)):
            break  # the episode or the life ended before t
        product = math.prod(lam * min(max_c, ratios[i]) for i in range(s, t))
        future = values[t + 1] if masks[t] else 0.0
        delta = min(max_rho, ratios[t]) * (rewards[t] + DISCOUNT * future - values[t])
        target += DISCOUNT ** (t - s) * product * delta
    return float(target)


def is_step(stretch: dict[str, np.ndarray]) -> np.ndarray:
    first = np.ones((1, stretch["rewards"].shape[1]), dtype=bool)
    return np.concatenate((first, ~stretch["next_dones"][:-1]))


@settings(deadline=None)
@given(stretches, st.sampled_from([(1.0, 1.0, 1.0), (0.7, 1.5, 0.8)]))
def test_targets_are_the_paper_s_sum(
    shape: tuple[int, int, int, float], options: tuple[float, float, float]
) -> None:
    stretch = random_stretch(*shape)
    lam, max_rho, max_c = options
    targets, _ = call(stretch, lam=lam, max_rho=max_rho, max_c=max_c)
    for step, env in np.argwhere(is_step(stretch)):
        assert targets[step, env] == pytest.approx(by_the_paper(stretch, step, env, lam, max_rho, max_c))


@settings(deadline=None)
@given(stretches)
def test_advantages_look_one_step_ahead_at_the_targets(shape: tuple[int, int, int, float]) -> None:
    stretch = random_stretch(*shape)
    _, advantages = call(stretch)
    rewards, values, masks, dones, ratios = stretch.values()
    for step, env in np.argwhere(is_step(stretch)):
        if masks[step, env] == 0:
            future = 0.0
        elif dones[step, env] or step == len(rewards) - 1:
            future = values[step + 1, env]
        else:
            future = by_the_paper(stretch, step + 1, env, 1.0, 1.0, 1.0)
        error = rewards[step, env] + DISCOUNT * future - values[step, env]
        assert advantages[step, env] == pytest.approx(min(1.0, ratios[step, env]) * error)


@settings(deadline=None)
@given(stretches, st.floats(0, 1))
def test_of_its_own_policy_they_are_lambda_returns(shape: tuple[int, int, int, float], lam: float) -> None:
    stretch = random_stretch(*shape) | {"ratios": np.ones(shape[1:3])}
    targets, _ = call(stretch, lam=lam)
    tensors = (torch.from_numpy(stretch[name]) for name in ("rewards", "values", "next_masks", "next_dones"))
    rewards, values, masks, dones = tensors
    expected = lambda_returns(rewards, values[1:], masks, dones, DISCOUNT, lam).numpy()
    assert targets[is_step(stretch)] == pytest.approx(expected[is_step(stretch)])


@given(st.integers(0, 10_000))
def test_what_stands_in_a_reset_tick_reaches_no_step(seed: int) -> None:
    clean = random_stretch(seed, 6, 3, 0.5)
    dirty = {name: part.copy() for name, part in clean.items()}
    dirty["rewards"][~is_step(clean)] = math.nan
    dirty["ratios"][~is_step(clean)] = math.inf
    for expected, found in zip(call(clean), call(dirty), strict=True):
        assert found[is_step(clean)].tolist() == expected[is_step(clean)].tolist()


def test_shapes_that_do_not_fit_are_refused() -> None:
    stretch = random_stretch(0, 3, 2, 0.0)
    with pytest.raises(UsageError, match="ratios"):
        call(stretch | {"ratios": np.ones((2, 2))})
