"""Schedules: exact values, and reading changes nothing."""

import dataclasses
import json
import math

import pytest

from allcore.errors import HyperparameterError
from allcore.optim import Constant, Linear, as_schedule, schedule_from_json


@pytest.mark.parametrize(
    ("step", "value"), [(0, 1.0), (9, 1.0), (10, 1.0), (15, 0.55), (20, pytest.approx(0.1)), (10**9, 0.1)]
)
def test_linear_by_hand(step, value):
    assert Linear(1.0, 0.1, 10, 20)(step) == pytest.approx(value)


def test_the_ends_are_exact():
    schedule = Linear(1.0, 0.1, 10, 13)
    assert schedule(10) == 1.0
    assert schedule(13) == 0.1


def test_it_may_rise():
    assert Linear(0.4, 1.0, 0, 4)(1) == pytest.approx(0.55)


def test_reading_changes_nothing():
    schedule = Linear(1.0, 0.0, 0, 10)
    assert [schedule(5) for _ in range(3)] == [0.5] * 3
    assert schedule(4) == 0.6  # backwards, too: only the step counts
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.final = 2.0


def test_a_jump_where_decay_takes_no_steps():
    schedule = Linear(1.0, 0.0, 3, 3)
    assert [schedule(step) for step in (2, 3, 4)] == [1.0, 0.0, 0.0]


def test_an_endless_decay_stays_where_it_began():
    assert Linear(1.0, 0.0, 0, math.inf)(10**12) == 1.0


def test_backwards_in_time_is_an_error():
    with pytest.raises(HyperparameterError, match="begin at step 5 and end before that, at 4"):
        Linear(1.0, 0.0, 5, 4)


@pytest.mark.parametrize("schedule", [Constant(0.5), Linear(1.0, 0.01, 0, 250_000)])
def test_json_round_trip(schedule):
    assert schedule_from_json(json.loads(json.dumps(schedule.to_json()))) == schedule


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(HyperparameterError, match="no schedule 'Cubic'") as caught:
        schedule_from_json({"kind": "Cubic"})
    assert "Linear" in caught.value.hint


def test_a_number_is_a_constant():
    assert as_schedule(0.25)(7) == 0.25
    assert as_schedule(0.25) == Constant(0.25)
    linear = Linear(1, 0, 0, 1)
    assert as_schedule(linear) is linear
