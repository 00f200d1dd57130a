"""Returns and advantages against sums written out term by term, over every pattern of episode ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings, strategies as st

from allcore.errors import UsageError
from allcore.memory import (
    generalized_advantages,
    lambda_returns,
    n_step_returns,
    normalize,
    weighted_mean,
)

GARBAGE = [math.nan, math.inf, -math.inf, 1e38]


@dataclass
class Stretch:
    """T steps of E environments: entries of the ticks 0 to T, `[T + 1, E]`, in float64."""

    rewards: np.ndarray  # received on arriving at the tick
    dones: np.ndarray
    masks: np.ndarray
    values: np.ndarray

    @staticmethod
    def random(seed: int, steps: int, envs: int, ending: float) -> Stretch:
        """Episodes end by termination and by truncation, lives are lost, each environment at times of its own."""
        rng = np.random.default_rng(seed)
        shape = (steps + 1, envs)
        dones = np.zeros(shape, dtype=bool)
        lost = np.zeros(shape, dtype=bool)
        for tick in range(steps + 1):
            first = dones[tick - 1] if tick else np.zeros(envs, dtype=bool)
            dones[tick] = ~first & (rng.random(envs) < ending)
            lost[tick] = ~first & (rng.random(envs) < ending / 2)
        masks = 1.0 - ((dones & (rng.random(shape) < 0.5)) | lost)
        return Stretch(rng.normal(size=shape), dones, masks, rng.normal(size=shape))

    @property
    def is_step(self) -> np.ndarray:
        """`[T, E]`: whether the row is a step, not a reset tick."""
        return ~self.dones[:-1]

    def with_garbage(self, garbage: float) -> Stretch:
        """The same, with `garbage` wherever nothing may look: rewards of reset ticks, values behind a zero mask."""
        rewards, values = self.rewards.copy(), self.values.copy()
        rewards[1:][self.dones[:-1]] = garbage
        values[self.dones & (self.masks == 0)] = garbage
        return Stretch(rewards, self.dones, self.masks, values)

    def tensors(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Rewards `[T, E]`, values `[T + 1, E]`, next masks and next dones `[T, E]`."""
        rewards, values, masks, dones = (
            torch.from_numpy(part) for part in (self.rewards, self.values, self.masks, self.dones)
        )
        return rewards[1:], values, masks[1:], dones[1:]


def ends(stretch: Stretch, step: int, env: int) -> bool:
    return bool(stretch.dones[step + 1, env] or stretch.masks[step + 1, env] == 0)


def steps_to_end(stretch: Stretch, step: int, env: int) -> int:
    """How many steps there are from `step` to the end of its episode, its life or the stretch, itself included."""
    last = len(stretch.rewards) - 2
    end = step
    while end < last and not ends(stretch, end, env):
        end += 1
    return end - step + 1


def return_after(stretch: Stretch, step: int, env: int, number: int, discount_factor: float) -> float:
    """The rewards of `number` steps, and the value of where they lead."""
    total = sum(discount_factor**k * stretch.rewards[step + 1 + k, env] for k in range(number))
    reached = step + number
    if stretch.masks[reached, env] == 0:
        return total
    return total + discount_factor**number * stretch.values[reached, env]


def brute_lambda_return(stretch: Stretch, step: int, env: int, discount_factor: float, lam: float) -> float:
    """Sutton and Barto's definition: returns of every number of steps, by their weights."""
    horizon = steps_to_end(stretch, step, env)
    mixed = sum(
        (1 - lam) * lam ** (number - 1) * return_after(stretch, step, env, number, discount_factor)
        for number in range(1, horizon)
    )
    return mixed + lam ** (horizon - 1) * return_after(stretch, step, env, horizon, discount_factor)


def brute_advantage(stretch: Stretch, step: int, env: int, discount_factor: float, lam: float) -> float:
    """Schulman et al.'s definition: discounted temporal-difference errors, up to the end."""
    return sum(
        (discount_factor * lam) ** k
        * (return_after(stretch, step + k, env, 1, discount_factor) - stretch.values[step + k, env])
        for k in range(steps_to_end(stretch, step, env))
    )


def assert_rows(found: torch.Tensor, stretch: Stretch, expected) -> None:
    assert found.shape == stretch.is_step.shape
    for step, env in zip(*np.nonzero(stretch.is_step), strict=True):
        assert found[step, env].item() == pytest.approx(expected(step, env), rel=1e-9, abs=1e-9), (step, env)


stretches = st.builds(
    Stretch.random,
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(1, 12),
    envs=st.integers(1, 3),
    ending=st.sampled_from([0.0, 0.15, 0.5, 1.0]),
)
factors = st.sampled_from([0.0, 0.5, 0.9, 1.0])


@settings(max_examples=150, deadline=None)
@given(stretch=stretches, discount_factor=factors, lam=factors, garbage=st.sampled_from([0.0, *GARBAGE]))
def test_everything_equals_the_sums_written_out(stretch, discount_factor, lam, garbage):
    rewards, values, masks, dones = stretch.with_garbage(garbage).tensors()
    assert_rows(
        generalized_advantages(rewards, values, masks, dones, discount_factor, lam),
        stretch,
        lambda step, env: brute_advantage(stretch, step, env, discount_factor, lam),
    )
    assert_rows(
        lambda_returns(rewards, values[1:], masks, dones, discount_factor, lam),
        stretch,
        lambda step, env: brute_lambda_return(stretch, step, env, discount_factor, lam),
    )
    assert_rows(
        n_step_returns(rewards, values, masks, dones, discount_factor),
        stretch,
        lambda step, env: return_after(stretch, step, env, steps_to_end(stretch, step, env), discount_factor),
    )


@settings(max_examples=100, deadline=None)
@given(stretch=stretches, garbage=st.sampled_from(GARBAGE))
@example(stretch=Stretch.random(0, 12, 3, 0.5), garbage=math.nan)
def test_what_stands_in_a_reset_row_changes_no_other_row_by_a_bit(stretch, garbage):
    is_step = torch.from_numpy(stretch.is_step)
    for function in (generalized_advantages, lambda_returns, n_step_returns):
        clean, poisoned = (compute(function, part) for part in (stretch, stretch.with_garbage(garbage)))
        assert torch.equal(clean[is_step], poisoned[is_step])


def compute(function, stretch: Stretch) -> torch.Tensor:
    rewards, values, masks, dones = stretch.tensors()
    if function is n_step_returns:
        return function(rewards, values, masks, dones, 0.9)
    values = values if function is generalized_advantages else values[1:]
    return function(rewards, values, masks, dones, 0.9, 0.8)


@settings(max_examples=50, deadline=None)
@given(stretch=stretches)
def test_the_advantage_is_the_lambda_return_less_the_value(stretch):
    rewards, values, masks, dones = stretch.tensors()
    advantages = generalized_advantages(rewards, values, masks, dones, 0.9, 0.8)
    returns = lambda_returns(rewards, values[1:], masks, dones, 0.9, 0.8)
    is_step = torch.from_numpy(stretch.is_step)
    torch.testing.assert_close(advantages[is_step], (returns - values[:-1])[is_step])


# ---- by hand


def test_three_steps_by_hand():
    rewards = torch.tensor([[1.0], [2.0], [3.0]])
    values = torch.tensor([[10.0], [20.0], [30.0], [40.0]])
    masks, dones = torch.ones(3, 1), torch.zeros(3, 1, dtype=torch.bool)
    # errors: 1 + 10 - 10 = 1, 2 + 15 - 20 = -3, 3 + 20 - 30 = -7
    found = generalized_advantages(rewards, values, masks, dones, 0.5, 0.5)
    assert found.flatten().tolist() == [1 + 0.25 * (-3 + 0.25 * -7), -3 + 0.25 * -7, -7]
    found = n_step_returns(rewards, values, masks, dones, 0.5)
    assert found.flatten().tolist() == [1 + 0.5 * (2 + 0.5 * (3 + 20)), 2 + 0.5 * (3 + 20), 23]
    found = lambda_returns(rewards, values[1:], masks, dones, 0.5, 0.5)
    # 23; 2 + 0.5 * (15 + 11.5); 1 + 0.5 * (10 + 7.625)
    assert found.flatten().tolist() == [9.8125, 15.25, 23]


@pytest.mark.parametrize(
    ("mask", "done", "first", "second"),
    [
        (1.0, False, 1 + 0.5 * (2 + 0.5 * 100), 2 + 0.5 * 100),  # it goes on
        (1.0, True, 1 + 0.5 * 20, None),  # truncated: bootstraps from the final observation
        (0.0, True, 1.0, None),  # terminated
        (0.0, False, 1.0, 2 + 0.5 * 100),  # a life lost: the game goes on with a step like any other
    ],
)
def test_the_four_ways_to_arrive(mask, done, first, second):
    rewards, values = torch.tensor([[1.0], [2.0]]), torch.tensor([[10.0], [20.0], [100.0]])
    masks, dones = torch.tensor([[mask], [1.0]]), torch.tensor([[done], [False]])
    found = n_step_returns(rewards, values, masks, dones, 0.5).flatten().tolist()
    assert found[0] == first
    assert second is None or found[1] == second


def test_the_value_of_a_stream_that_is_only_ever_truncated():
    """Iterating to the fixed point gives r / (1 - gamma), however often the clock is stopped."""
    steps, envs, discount_factor, reward = 40, 3, 0.9, 1.5
    dones = torch.zeros(steps + 1, envs, dtype=torch.bool)
    for env, period in enumerate((3, 5, 7)):
        dones[period::period, env] = True
    rewards = torch.full((steps, envs), reward, dtype=torch.float64)
    rewards[dones[:-1]] = 0.0  # reset ticks
    masks, is_step = torch.ones_like(rewards), ~dones[:-1]
    expected = reward / (1 - discount_factor)
    for function in ("n_step", "lambda", "advantage"):
        value = torch.zeros((), dtype=torch.float64)
        for _ in range(300):
            values = value.expand(steps + 1, envs)
            if function == "n_step":
                targets = n_step_returns(rewards, values, masks, dones[1:], discount_factor)
            elif function == "lambda":
                targets = lambda_returns(rewards, values[1:], masks, dones[1:], discount_factor, 0.7)
            else:
                advantages = generalized_advantages(rewards, values, masks, dones[1:], discount_factor, 0.7)
                targets = advantages + values[:-1]
            value = targets[is_step].mean()
        assert value.item() == pytest.approx(expected, rel=1e-9)
        torch.testing.assert_close(targets[is_step], torch.full_like(targets[is_step], expected))


def test_targets_carry_no_gradient():
    values = torch.zeros(3, 2, requires_grad=True)
    rewards, masks, dones = torch.ones(2, 2), torch.ones(2, 2), torch.zeros(2, 2, dtype=torch.bool)
    assert not generalized_advantages(rewards, values, masks, dones, 0.9, 0.9).requires_grad
    assert not n_step_returns(rewards, values, masks, dones, 0.9).requires_grad
    assert not lambda_returns(rewards, values[1:], masks, dones, 0.9, 0.9).requires_grad


def test_arguments_are_not_written_to():
    tensors = Stretch.random(3, 5, 2, 0.5).tensors()
    before = [tensor.clone() for tensor in tensors]
    rewards, values, masks, dones = tensors
    generalized_advantages(rewards, values, masks, dones, 0.9, 0.9)
    lambda_returns(rewards, values[1:], masks, dones, 0.9, 0.9)
    assert all(torch.equal(one, other) for one, other in zip(tensors, before, strict=True))


def test_values_of_half_precision_give_targets_as_precise_as_the_rewards():
    rewards, masks, dones = torch.ones(2, 2), torch.ones(2, 2), torch.zeros(2, 2, dtype=torch.bool)
    values = torch.ones(3, 2, dtype=torch.bfloat16)
    for found in (
        generalized_advantages(rewards, values, masks, dones, 0.5, 1.0),
        n_step_returns(rewards, values, masks, dones, 0.5),
    ):
        assert found.dtype == torch.float32


@pytest.mark.parametrize("shape", [(2, 3), (3, 3, 1), (3, 1), (4, 3)])
def test_shapes_that_do_not_fit_are_refused_and_not_broadcast(shape):
    rewards, masks, dones = torch.ones(2, 3), torch.ones(2, 3), torch.zeros(2, 3, dtype=torch.bool)
    with pytest.raises(UsageError, match=r"values have shape .* they need \[3, 3\]"):
        generalized_advantages(rewards, torch.ones(shape), masks, dones, 0.9, 0.9)
    with pytest.raises(UsageError, match=r"they need \[3, 3\]"):
        n_step_returns(rewards, torch.ones(shape), masks, dones, 0.9)
    with pytest.raises(UsageError, match="next_dones"):
        n_step_returns(rewards, torch.ones(3, 3), masks, dones[:1], 0.9)
    with pytest.raises(UsageError, match=r"next_values have .* need \[2, 3\]"):
        lambda_returns(rewards, torch.ones(3, 3), masks, dones, 0.9, 0.9)


# ---- means and normalised advantages


@pytest.mark.parametrize("garbage", GARBAGE)
def test_rows_of_weight_zero_count_for_nothing(garbage):
    weights = torch.tensor([1.0, 0.0, 1.0, 1.0])
    x = torch.tensor([1.0, garbage, 2.0, 6.0], requires_grad=True)
    mean = weighted_mean(x, weights)
    assert mean.item() == 3.0
    mean.backward()
    torch.testing.assert_close(x.grad, torch.tensor([1 / 3, 0.0, 1 / 3, 1 / 3]))
    found = normalize(x.detach(), weights)
    deviation = math.sqrt((4 + 1 + 9) / 3)
    torch.testing.assert_close(found, torch.tensor([-2.0, 0.0, -1.0, 3.0]) / deviation)


@pytest.mark.parametrize("shape", [(3, 1), (), (1,), (2, 3)])
def test_a_row_without_a_weight_of_its_own_is_not_broadcast(shape):
    for function in (weighted_mean, normalize):
        with pytest.raises(UsageError, match=r"weights of shape \[3\] do not fit"):
            function(torch.ones(shape), torch.ones(3))


def test_weights_other_than_zero_and_one():
    x, weights = torch.tensor([1.0, 5.0]), torch.tensor([0.75, 0.25])
    assert weighted_mean(x, weights).item() == 2.0
    # variance 0.75 * 1 + 0.25 * 9 = 3
    torch.testing.assert_close(normalize(x, weights), torch.tensor([-1.0, 3.0]) / math.sqrt(3))


def test_no_row_counts():
    x = torch.tensor([math.nan, 2.0])
    assert weighted_mean(x, torch.zeros(2)).item() == 0.0
    assert normalize(x, torch.zeros(2)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("weights", [[1.0], [0.0, 1.0, 0.0]])
def test_a_single_advantage_is_left_as_it_is(weights):
    advantages = torch.full((len(weights),), -7.0)
    assert normalize(advantages, torch.tensor(weights)).tolist() == [-7.0 * weight for weight in weights]


@given(seed=st.integers(0, 2**32 - 1), number=st.integers(2, 40))
@settings(max_examples=50, deadline=None)
def test_normalised_advantages_are_those_of_numpy(seed, number):
    rng = np.random.default_rng(seed)
    advantages, counts = rng.normal(3.0, 5.0, number), rng.random(number) < 0.7
    counts[:2] = True
    found = normalize(torch.from_numpy(advantages), torch.from_numpy(counts.astype(np.float64))).numpy()
    kept = advantages[counts]
    np.testing.assert_allclose(
        found[counts], (kept - kept.mean()) / (kept.std() + 1e-8), rtol=1e-9, atol=1e-12
    )
    assert not found[~counts].any()
