"""Losses are finite, or learning stops, and the batch that was learnt from can be looked at.

Every loss passes here on its way through `Approximation.step`. On the CPU it is looked at before the weights change, which costs
less than a microsecond. Elsewhere a look would wait for the device, so that one is taken every `LOOK_EVERY` updates, at the
losses since the last one; what each was computed from is kept until then.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from allcore.core import State
from allcore.errors import NonFiniteError

#: Updates from one look at the losses to the next, where a look waits for a device.
LOOK_EVERY = 8

_HINT = (
    "Training has diverged, or it was shown such numbers: look at the batch, try a lower learning rate or clipped gradients. "
    "--on-nan go-on trains on regardless."
)

_going_on: ContextVar[bool] = ContextVar("going_on", default=False)


@contextmanager
def going_on_regardless(wanted: bool = True) -> Iterator[None]:
    """Within, a number that is not finite costs one line of warning for each approximation and stops nothing."""
    token = _going_on.set(wanted)
    try:
        yield
    finally:
        _going_on.reset(token)


def goes_on_regardless() -> bool:
    """Whether learning goes on with numbers that are not finite."""
    return _going_on.get()


def non_finite(what: str, batch: Mapping[str, Any] | None = None) -> NonFiniteError:
    """The error for `what`, a sentence, with what was being learnt from: by default, what the callers hold."""
    if batch is None:
        batch = _saveable_of(_step_of(sys._getframe(1)))
    return NonFiniteError(what, hint=_HINT, batch=batch)


class LossWatch:
    """Looks at the losses of one approximation.

    Args:
        name: the approximation's, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._held: list[tuple[Tensor, int, list[dict[str, Any]]]] = []
        self._warned = False

    def loss(self, loss: Tensor, updates: int) -> None:
        """Look at a scalar loss, now or within `LOOK_EVERY` updates.

        Args:
            loss: what is about to be followed.
            updates: how many there were before.

        Raises:
            NonFiniteError: this loss, or one of those not looked at yet, is infinite or not a number.
        """
        if _at_once(loss):
            value = loss.item()
            if not math.isfinite(value):
                self._found(f"The loss of {self._name} is {value}", updates, _step_of(sys._getframe(1)))
            return
        # What is not reported needs no batch.
        step = [] if goes_on_regardless() else _step_of(sys._getframe(1))
        self._held.append((loss.detach().clone().reshape(()), updates, step))
        if len(self._held) >= LOOK_EVERY:
            held, self._held = self._held, []
            values = torch.stack([each for each, _, _ in held]).tolist()  # the one moment that waits
            for value, (_, number, step) in zip(values, held, strict=True):
                if not math.isfinite(value):
                    self._found(f"The loss of {self._name} was {value}", number, step)

    def gradients(self, norm: Tensor, updates: int) -> None:
        """Look at the norm of all gradients, where that waits for nothing: elsewhere the next loss shows what they did.

        Raises:
            NonFiniteError: it is infinite or not a number, though the loss was finite.
        """
        if _at_once(norm) and not math.isfinite(value := norm.item()):
            message = f"The norm of the gradients of {self._name} is {value}"
            self._found(message, updates, _step_of(sys._getframe(1)))

    def _found(self, what: str, updates: int, step: list[dict[str, Any]]) -> None:
        what = f"{what} in its update {updates + 1:,}."
        if not goes_on_regardless():
            raise non_finite(what, _saveable_of(step))
        if not self._warned:
            logging.getLogger("allcore").warning("%s Training goes on, as it was told to.", what)
            self._warned = True


def _at_once(value: Tensor) -> bool:
    """Whether reading the value waits for no device."""
    return value.is_cpu


# ---- what was being learnt from
#
# Agents hold their batch in local variables, under the names of their papers: replay samples, minibatches of a rollout, single
# steps, and what was computed from them. These variables are read when something is wrong. That covers every agent, costs
# nothing while all is well, and shows targets and values beside the batch.


def _step_of(frame: FrameType | None) -> list[dict[str, Any]]:
    """The variables from `frame` up to the agent's `act`, the innermost first; last, tensors and states on the agent itself."""
    frames: list[FrameType] = []
    while frame is not None:
        frames.append(frame)
        if frame.f_code.co_name == "act":
            step = [dict(each.f_locals) for each in frames]
            kept = getattr(step[-1].get("self"), "__dict__", {})
            own = {f"self.{name}": each for name, each in kept.items() if isinstance(each, (Tensor, State))}
            return [*step, own]
        frame = frame.f_back
    # Somebody's own loop: up to whoever called the core.
    names = [str(each.f_globals.get("__name__")) for each in frames]
    caller = next((index for index, name in enumerate(names) if not name.startswith("allcore.")), 0)
    return [dict(each.f_locals) for each in frames[: caller + 1]]


def _saveable_of(step: list[dict[str, Any]]) -> dict[str, Any]:
    """Tensors, states and numbers by the names of their variables, ready for `save_state`; of equal names the innermost."""
    found: dict[str, Any] = {}
    for variables in step:
        for name, value in variables.items():
            if name.isidentifier() or name.startswith("self."):  # not what comprehensions call .0
                found.setdefault(name, _saveable(value))
    return {name: value for name, value in found.items() if value is not None}


def _saveable(value: Any, depth: int = 3) -> Any:
    """Of a tensor, a state, a number, or of a few levels of containers of them, what a file can hold; None of others."""
    if isinstance(value, Tensor):
        return value.detach()
    if type(value) in (bool, int, float):
        return value
    if depth == 0:
        return None
    if isinstance(value, State):
        value = {key: value[key] for key in value.keys()}  # noqa: SIM118 (not a dict)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    elif isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        return None
    parts = {str(key): _saveable(part, depth - 1) for key, part in value.items()}
    return {key: part for key, part in parts.items() if part is not None} or None
