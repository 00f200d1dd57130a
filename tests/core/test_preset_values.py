"""The values of a preset: all there, checked, each with its source, in the order of their meaning."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from allcore.errors import HyperparameterError
from allcore.presets import Function, described, hyperparameter, values
from allcore.presets.hyperparameters import describe, replace


@dataclass(frozen=True, kw_only=True)
class Shared:
    lr: float = described("The step size.", at_least=0.0)
    hidden: tuple[int, ...] = described("Widths.", unit="units")


@dataclass(frozen=True, kw_only=True)
class Meanings(Shared):
    start: int = described("When learning begins.", unit="agent steps", at_least=1)
    model: Function = described("Makes the network.")
    kept: int = hyperparameter(7, "What need not be given.", source="a paper")


@dataclass(frozen=True, kw_only=True)
class More:
    stack: int = described("Frames.")


GIVEN = {"lr": (1, "A"), "hidden": ([4, 5], "B"), "start": (3, "C"), "model": ("math:floor", "D")}


def test_values_are_converted_and_carry_meaning_and_source() -> None:
    hp = values(Meanings, **GIVEN)
    assert isinstance(hp, Meanings)
    assert (hp.lr, hp.hidden, hp.start, hp.model, hp.kept) == (1.0, (4, 5), 3, Function("math:floor"), 7)
    assert isinstance(hp.lr, float)
    assert isinstance(hp.model, Function)
    assert [(d["name"], d["source"], d["unit"]) for d in describe(hp)] == [
        ("lr", "A", ""),
        ("hidden", "B", "units"),
        ("start", "C", "agent steps"),
        ("model", "D", ""),
        ("kept", "a paper", ""),
    ]


def test_further_classes_come_after() -> None:
    hp = values(Meanings, More, **GIVEN, stack=(4, "E"))
    assert isinstance(hp, More)
    assert [field.name for field in dataclasses.fields(hp)][-1] == "stack"


def test_two_presets_do_not_share_values() -> None:
    first, second = values(Meanings, **GIVEN), values(Meanings, **{**GIVEN, "lr": (2, "X")})
    assert (first.lr, second.lr) == (1.0, 2.0)
    assert first != second
    assert replace(second, {"start": "9"}, owner="x.y").start == 9


def test_with_the_bounds_of_the_meaning_a_value_is_still_checked_when_it_is_changed() -> None:
    with pytest.raises(HyperparameterError, match="at least 1"):
        replace(values(Meanings, **GIVEN), {"start": 0}, owner="x.y")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": (-1.0, "A")}, "lr is at least 0"),
        ({"start": (1.5, "A")}, "start takes a whole number"),
        ({"lrr": (1.0, "A")}, "no field 'lrr'"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, tuple[object, str]], message: str) -> None:
    with pytest.raises(HyperparameterError, match=message):
        values(Meanings, **{**GIVEN, **change})


def test_what_is_missing_is_named() -> None:
    with pytest.raises(HyperparameterError, match="needs a value for lr, model"):
        values(Meanings, hidden=([1], "A"), start=(1, "A"))
