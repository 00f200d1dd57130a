"""Prioritised replay: the probabilities, weights and priorities by hand, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from allcore.approximation.loss_watch import going_on_regardless
from allcore.core import State
from allcore.errors import CheckpointError, HyperparameterError, NonFiniteError, UsageError
from allcore.memory import PrioritizedReplayBuffer, memory_bytes, step_storage
from allcore.optim.schedules import Linear

EPSILON = 1e-6


def seeded(capacity: int, alpha: float = 1.0, beta: Any = 1.0, seed: int = 0) -> PrioritizedReplayBuffer:
    return PrioritizedReplayBuffer(capacity, alpha, beta, generator=torch.Generator().manual_seed(seed))


def fill(buffer: Any, number: int, start: int = 0) -> None:
    """Steps of one environment without an end, numbered from `start`."""
    previous: State | None = None
    for index in range(start, start + number + 1):
        state = State({"observation": torch.tensor(index), "reward": float(index)})
        buffer.store(previous, None if previous is None else 0, state)
        previous = state


def drawn(buffer: Any, number: int) -> list[int]:
    return buffer.sample(number)[0].observation.tolist()


def set_errors(buffer: PrioritizedReplayBuffer, errors: list[float]) -> None:
    """Give every transition its error, by drawing until each was drawn."""
    missing = set(range(len(errors)))
    while missing:
        found = drawn(buffer, 64)
        buffer.update_priorities(torch.tensor([errors[index] for index in found]))
        missing -= set(found)


# ---- what is drawn


def test_transitions_are_drawn_in_proportion_to_their_priorities():
    errors = [0.0, 1.0, 2.0, 3.0, 10.0, 4.0, 0.5, 3.5]
    buffer = seeded(8, alpha=0.6)
    fill(buffer, 8)
    set_errors(buffer, errors)
    number = 40_000
    counts = np.bincount([index for _ in range(number // 40) for index in drawn(buffer, 40)], minlength=8)
    priorities = (np.array(errors) + EPSILON) ** 0.6
    expected = number * priorities / priorities.sum()
    assert float(((counts - expected) ** 2 / expected).sum()) < 24.3  # 7 degrees of freedom, p = 0.001


def test_a_minibatch_is_stratified():
    errors = [1.0, 2.0, 3.0, 10.0, 4.0]
    buffer = seeded(5)
    fill(buffer, 5)
    set_errors(buffer, errors)
    for _ in range(50):
        counts = np.bincount(drawn(buffer, 40), minlength=5)
        # one draw from each fortieth of the total: a stretch of m fortieths is hit m times, but for its ends
        assert (np.abs(counts - 40 * np.array(errors) / 20) < 2).all()
    singles = [drawn(buffer, 1)[0] for _ in range(200)]
    assert set(singles) == {0, 1, 2, 3, 4}


def test_with_alpha_0_all_are_equally_likely_and_weigh_the_same():
    buffer = seeded(10, alpha=0.0, beta=1.0)
    fill(buffer, 10)
    set_errors(buffer, list(range(10)))
    counts = np.bincount([index for _ in range(100) for index in drawn(buffer, 10)], minlength=10)
    assert float(((counts - 100) ** 2 / 100).sum()) < 27.9  # 9 degrees of freedom, p = 0.001
    assert buffer.sample(10)[4].tolist() == [1.0] * 10


def test_what_is_new_comes_in_with_the_highest_priority_there_has_been():
    buffer = seeded(100, alpha=0.5)
    fill(buffer, 4)
    assert priorities(buffer) == {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}
    set_errors(buffer, [4.0, 0.25, 0.25, 0.25])
    set_errors(buffer, [0.25, 0.25, 0.25, 0.25])  # lower again, but 4 has been
    previous = State({"observation": torch.tensor(4), "reward": 0.0})
    buffer.store(previous, 0, State({"observation": torch.tensor(5), "reward": 0.0}))
    found = priorities(buffer)
    assert found[4] == pytest.approx(2.0, abs=1e-5)
    assert [found[index] for index in range(4)] == pytest.approx([0.5] * 4, abs=1e-5)


def test_errors_below_1_do_not_lower_what_new_ones_get():
    buffer = seeded(100)
    fill(buffer, 2)
    set_errors(buffer, [0.1, 0.2])
    fill(buffer, 1, start=7)
    assert priorities(buffer)[7] == 1.0


def priorities(buffer: PrioritizedReplayBuffer) -> dict[int, float]:
    """The priorities above 0 by the number of the state; all other leaves are 0."""
    tree, ring = buffer._up_to_date_tree(), buffer.ring
    places = ring.drawable_places()
    positions = places % ring.notes.size
    others = np.delete(tree.priorities, positions)
    assert not others.any()
    numbers = ring.transitions(places, buffer.device)[0].observation.tolist()
    return dict(zip(numbers, tree.priorities[positions].tolist(), strict=True))


# ---- weights and priorities by hand


def test_weights_by_hand():
    buffer = seeded(3, alpha=1.0, beta=0.5)
    fill(buffer, 3)
    set_errors(buffer, [1.0, 4.0, 16.0])
    states, _, _, _, weights = buffer.sample(21)
    assert weights.dtype == torch.float32
    # n P is 3/21, 12/21, 48/21; to the power of -1/2 and divided by the first: 1, 1/2, 1/4
    by_number = dict(zip(states.observation.tolist(), weights.tolist(), strict=True))
    assert by_number == pytest.approx({0: 1.0, 1: 0.5, 2: 0.25}, rel=1e-5)


def test_weights_are_divided_by_the_largest_of_the_minibatch():
    buffer = seeded(2, beta=1.0)
    fill(buffer, 2)
    set_errors(buffer, [1e-9, 1000.0])
    states, _, _, _, weights = buffer.sample(5)
    assert states.observation.tolist() == [1] * 5
    assert weights.tolist() == [1.0] * 5


@pytest.mark.parametrize(("stored", "beta"), [(3, 0.5), (4, 0.5), (6, 0.75), (8, 1.0), (10, 1.0)])
def test_beta_follows_its_schedule_over_agent_steps(stored, beta):
    buffer = seeded(20, beta=Linear(0.5, 1.0, 4, 8))
    fill(buffer, stored)
    set_errors(buffer, [1.0] * (stored - 1) + [4.0])
    assert buffer.stored == stored
    assert float(buffer.sample(64)[4].min()) == pytest.approx(4**-beta, rel=1e-5)


def test_a_priority_is_the_error_and_a_little_to_the_power_of_alpha():
    buffer = PrioritizedReplayBuffer(3, 0.5, epsilon=0.25)
    fill(buffer, 3)
    set_errors(buffer, [0.0, 2.0, 6.0])
    # without an error it keeps a small priority, so that it is drawn again
    assert priorities(buffer) == pytest.approx({0: 0.5, 1: 1.5, 2: 2.5})


def test_errors_for_what_gave_way_are_ignored():
    buffer = seeded(4)
    fill(buffer, 4)
    assert set(drawn(buffer, 64)) == {0, 1, 2, 3}
    fill(buffer, 4, start=10)  # lies where the others did
    buffer.update_priorities(torch.full((64,), 100.0))
    assert priorities(buffer) == dict.fromkeys((10, 11, 12, 13), 1.0)
    fill(buffer, 1, start=20)
    assert priorities(buffer)[20] == 1.0


def test_an_update_comes_before_what_is_stored_after_it_and_after_what_is_stored_before_it():
    buffer = seeded(10)
    fill(buffer, 1)
    buffer.sample(1)
    fill(buffer, 1, start=5)  # came in before the error was known
    buffer.update_priorities(torch.tensor([9.0]))
    fill(buffer, 1, start=8)
    assert priorities(buffer) == pytest.approx({0: 9.0, 5: 1.0, 8: 9.0}, rel=1e-5)


def test_priorities_may_come_with_a_gradient_and_in_any_precision():
    buffer = seeded(4)
    fill(buffer, 1)
    buffer.sample(2)
    buffer.update_priorities(torch.full((2,), 3.0, requires_grad=True))
    buffer.update_priorities(torch.full((2,), 3.0, dtype=torch.bfloat16))
    assert priorities(buffer) == pytest.approx({0: 3.0}, rel=1e-5)


def test_a_kl_divergence_that_was_rounded_below_0_counts_as_0():
    buffer = seeded(4, alpha=1.0)
    fill(buffer, 1)
    buffer.sample(2)
    buffer.update_priorities(torch.full((2,), -1e-7))
    assert priorities(buffer) == pytest.approx({0: EPSILON})


# ---- memory, going on, and what is refused


def test_the_estimate_covers_the_priorities_and_is_checked(monkeypatch):
    state = State({"observation": torch.zeros(4)})
    for capacity in (100, 1000, 4095, 4096):
        buffer = PrioritizedReplayBuffer(capacity)
        fill(buffer, 2)
        buffer.sample(1)
        extra = memory_bytes(capacity, state, 0, prioritized=True) - memory_bytes(capacity, state, 0)
        assert 0 < buffer._tree.num_bytes <= extra
    free = memory_bytes(1000, state, 0, prioritized=True) - 8 * 1001  # the action is not counted yet
    monkeypatch.setattr(step_storage, "available_bytes", lambda device: free)
    PrioritizedReplayBuffer(1000).store(None, None, state)
    monkeypatch.setattr(step_storage, "available_bytes", lambda device: free - 1)
    with pytest.raises(UsageError, match="1,000 transitions needs"):
        PrioritizedReplayBuffer(1000).store(None, None, state)


def test_what_was_saved_is_tensors_and_plain_values_and_can_be_saved_empty():
    empty, buffer = seeded(10), seeded(10)
    fill(buffer, 5)
    set_errors(buffer, [1.0] * 5)
    saved = buffer.state_dict()
    assert all(isinstance(value, (torch.Tensor, float)) for name, value in saved.items() if name != "steps")
    buffer.load_state_dict(copy.deepcopy(empty.state_dict()))
    assert len(buffer) == buffer.stored == 0
    with pytest.raises(UsageError, match="no minibatch was drawn"):
        buffer.update_priorities(torch.ones(64))
    for one in (empty, buffer):
        fill(one, 5, start=30)
    assert drawn(empty, 8) == drawn(buffer, 8)
    assert priorities(buffer) == dict.fromkeys(range(30, 35), 1.0)


def test_what_was_drawn_before_saving_can_be_updated_after_loading():
    original, loaded = seeded(4), seeded(4, seed=9)
    fill(original, 4)
    number = len(drawn(original, 8))
    loaded.load_state_dict(copy.deepcopy(original.state_dict()))
    for buffer in (original, loaded):
        buffer.update_priorities(torch.arange(1.0, number + 1))
    assert priorities(original) == priorities(loaded)
    assert np.array_equal(original._tree._sums, loaded._tree._sums)
    assert drawn(original, 32) == drawn(loaded, 32)
    with pytest.raises(CheckpointError, match="4 transitions"):
        seeded(5).load_state_dict(original.state_dict())


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        (torch.tensor([0.5, -0.5, 0.1]), "-0.5 is negative"),  # signed errors of temporal differences
        (torch.ones(2), r"shape \[2\] do not fit a minibatch of 3"),
        (torch.ones(3, 1), r"shape \[3, 1\]"),
        (torch.tensor(1.0), r"shape \[\]"),
    ],
)
def test_unusable_priorities_are_refused_and_change_nothing(errors, message):
    buffer = seeded(5)
    fill(buffer, 3)
    drawn(buffer, 3)
    with pytest.raises(UsageError, match=message):
        buffer.update_priorities(errors)
    assert priorities(buffer) == {0: 1.0, 1: 1.0, 2: 1.0}


def test_priorities_that_are_no_numbers_stop_learning_unless_it_goes_on_regardless():
    buffer = seeded(5)
    fill(buffer, 3)
    drawn(buffer, 3)
    errors = torch.tensor([0.5, torch.nan, torch.inf])
    with pytest.raises(NonFiniteError, match="2 of 3 priorities are infinite or not a number") as caught:
        buffer.update_priorities(errors)
    assert torch.equal(caught.value.batch["priorities"].nan_to_num(), errors.nan_to_num())
    assert priorities(buffer) == {0: 1.0, 1: 1.0, 2: 1.0}
    with going_on_regardless():
        set_errors(buffer, [3.0, 0.5, 0.5])
        number, *_ = drawn(buffer, 1)
        buffer.update_priorities(torch.tensor([torch.nan]))
    assert priorities(buffer)[number] == max(priorities(buffer).values()) == pytest.approx(3.0)


def test_impossible_buffers_and_draws_are_refused():
    with pytest.raises(HyperparameterError, match="alpha of -0.1"):
        PrioritizedReplayBuffer(10, -0.1)
    with pytest.raises(HyperparameterError, match="epsilon of 0"):
        PrioritizedReplayBuffer(10, epsilon=0)
    with pytest.raises(UsageError, match="capacity of 0"):
        PrioritizedReplayBuffer(0)
    with pytest.raises(UsageError, match="no transition to draw yet"):
        seeded(10).sample(1)
    with pytest.raises(UsageError, match="no minibatch was drawn"):
        seeded(10).update_priorities(torch.ones(1))
