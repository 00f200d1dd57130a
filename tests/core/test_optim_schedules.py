"""Schedules: exact values, and reading changes nothing."""

import dataclasses
import itertools
import json
import math

import pytest

from allcore.errors import HyperparameterError
from allcore.optim import Constant, Cosine, Linear, as_schedule, schedule_from_json


@pytest.mark.parametrize(
    ("step", "value"), [(0, 1.0), (9, 1.0), (10, 1.0), (15, 0.55), (20, pytest.approx(0.1)), (10**9, 0.1)]
)
def test_linear_by_hand(step, value):
    assert Linear(1.0, 0.1, 10, 20)(step) == pytest.approx(value)


@pytest.mark.parametrize(
    ("step", "value"),
    [
        (0, 1.0),
        (10, 1.0),
        (10 + 30, 0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2),  # cos 45°
        (10 + 40, 0.1 + 0.9 * 0.75),  # cos 60°
        (10 + 60, 0.55),
        (10 + 80, 0.1 + 0.9 * 0.25),
        (10 + 120, 0.1),
        (10**9, 0.1),
    ],
)
def test_cosine_by_hand(step, value):
    assert Cosine(1.0, 0.1, 10, 130)(step) == pytest.approx(value, rel=1e-12)


def test_a_cosine_falls_all_the_way_and_hardly_at_its_ends():
    schedule = Cosine(1.0, 0.0, 0, 100)
    values = [schedule(step) for step in range(101)]
    falls = [before - after for before, after in itertools.pairwise(values)]
    assert min(falls) > 0
    assert max(falls[0], falls[-1]) < 0.03 * max(falls)
    assert falls.index(max(falls)) in (49, 50)


@pytest.mark.parametrize("kind", [Linear, Cosine])
def test_the_ends_are_exact(kind):
    schedule = kind(1.0, 0.1, 10, 13)
    assert schedule(10) == 1.0
    assert schedule(13) == 0.1


@pytest.mark.parametrize(("kind", "value"), [(Linear, 0.55), (Cosine, 0.7 - 0.3 * math.sqrt(0.5))])
def test_it_may_rise(kind, value):
    assert kind(0.4, 1.0, 0, 4)(1) == pytest.approx(value)


@pytest.mark.parametrize(("kind", "value"), [(Linear, 0.6), (Cosine, 0.5 + 0.5 * math.cos(0.4 * math.pi))])
def test_reading_changes_nothing(kind, value):
    schedule = kind(1.0, 0.0, 0, 10)
    assert [schedule(5) for _ in range(3)] == [pytest.approx(0.5)] * 3
    assert schedule(4) == pytest.approx(value)  # backwards, too: only the step counts
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.final = 2.0


@pytest.mark.parametrize("kind", [Linear, Cosine])
def test_a_jump_where_decay_takes_no_steps(kind):
    schedule = kind(1.0, 0.0, 3, 3)
    assert [schedule(step) for step in (2, 3, 4)] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("kind", [Linear, Cosine])
def test_an_endless_decay_stays_where_it_began(kind):
    assert kind(1.0, 0.0, 0, math.inf)(10**12) == 1.0


@pytest.mark.parametrize("kind", [Linear, Cosine])
def test_backwards_in_time_is_an_error(kind):
    message = f"{kind.__name__.lower()} schedule cannot begin at step 5 and end before that, at 4"
    with pytest.raises(HyperparameterError, match=message):
        kind(1.0, 0.0, 5, 4)


@pytest.mark.parametrize("schedule", [Constant(0.5), Linear(1.0, 0.01, 0, 250_000), Cosine(3e-4, 0.0, 5, 9)])
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
