"""Schedules are functions of a count of steps that their owner keeps. Reading a value never changes anything.

What a step is, the owner says: a `GreedyPolicy` counts agent steps, the learning rate of an `Approximation` updates.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allcore.errors import HyperparameterError


class Schedule(ABC):
    """A value for every step count. Schedules hold no state, so a run that is resumed needs only its counts."""

    @abstractmethod
    def __call__(self, step: int) -> float:
        """The value after `step` steps."""

    def to_json(self) -> dict[str, Any]:
        """The schedule as JSON, for `schedule_from_json`."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]  # every schedule here is a dataclass
        return {"kind": type(self).__name__, **{field.name: getattr(self, field.name) for field in fields}}


@dataclass(frozen=True)
class Constant(Schedule):
    """The same value at every step."""

    value: float

    def __call__(self, step: int) -> float:
        """The value."""
        return self.value


@dataclass(frozen=True)
class Linear(Schedule):
    """`initial` up to step `decay_start`, then a straight line to `final` at step `decay_end`, and `final` ever after.

    An infinite `decay_end` stays at `initial`.
    """

    initial: float
    final: float
    decay_start: float
    decay_end: float

    def __post_init__(self) -> None:
        _check_order("linear", self.decay_start, self.decay_end)

    def __call__(self, step: int) -> float:
        """The value after `step` steps."""
        if step >= self.decay_end:
            return self.final
        if step <= self.decay_start:
            return self.initial
        fraction = (step - self.decay_start) / (self.decay_end - self.decay_start)
        return self.initial + fraction * (self.final - self.initial)


@dataclass(frozen=True)
class Cosine(Schedule):
    """`initial` up to step `decay_start`, then half a wave of the cosine to `final` at step `decay_end`, and `final` ever after.

    It leaves `initial` and reaches `final` slowly, and is fastest in the middle. An infinite `decay_end` stays at `initial`.

    Source: Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", equation 5, without restarts.
    """

    initial: float
    final: float
    decay_start: float
    decay_end: float

    def __post_init__(self) -> None:
        _check_order("cosine", self.decay_start, self.decay_end)

    def __call__(self, step: int) -> float:
        """The value after `step` steps."""
        if step >= self.decay_end:
            return self.final
        if step <= self.decay_start:
            return self.initial
        fraction = (step - self.decay_start) / (self.decay_end - self.decay_start)
        return self.final + (self.initial - self.final) * (1 + math.cos(math.pi * fraction)) / 2


def _check_order(kind: str, decay_start: float, decay_end: float) -> None:
    if not decay_start <= decay_end:
        raise HyperparameterError(
            f"a {kind} schedule cannot begin at step {decay_start} and end before that, at {decay_end}"
        )


_KINDS: dict[str, type[Schedule]] = {"Constant": Constant, "Linear": Linear, "Cosine": Cosine}


def schedule_from_json(json: Mapping[str, Any]) -> Schedule:
    """The schedule that `to_json` described.

    Raises:
        HyperparameterError: its kind is unknown.
    """
    values = dict(json)
    kind = values.pop("kind", None)
    if kind not in _KINDS:
        raise HyperparameterError(f"there is no schedule {kind!r}", hint=f"There are {', '.join(_KINDS)}.")
    return _KINDS[kind](**values)


def as_schedule(value: Schedule | float) -> Schedule:
    """`value` itself if it is a schedule, else a constant."""
    return value if isinstance(value, Schedule) else Constant(float(value))
