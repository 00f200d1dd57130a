"""The values that one preset gives to the hyperparameters of an algorithm, each with its source."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, TypeVar

from allcore.errors import HyperparameterError
from allcore.keys import did_you_mean
from allcore.presets.hyperparameters import checked

H = TypeVar("H")


def values(meanings: type[H], *more: type, **given: tuple[Any, str]) -> H:
    """Hyperparameters with the meanings of one class and the values of one preset.

        values(DQNHyperparameters, lr=(1e-4, "Mnih et al. 2015"), ...)

    Args:
        meanings: a hyperparameters class, whose fields say what they mean (`described`).
        more: further classes with fields that the preset has as well.
        given: for every field its value and where that comes from: a paper and its table, a reference implementation, or
            our measurement. A field that has a default may be left out.

    Raises:
        HyperparameterError: a field has no value, a name is unknown, or a value does not fit.
    """
    owner = meanings.__name__
    # Fields come in the order of the last base first: `meanings` begins.
    bases = (*reversed(more), meanings)
    hints = {name: hint for base in reversed(bases) for name, hint in typing.get_type_hints(base).items()}
    fields = {field.name: field for base in bases for field in dataclasses.fields(base)}
    for name in given.keys() - fields.keys():
        raise HyperparameterError(f"{owner} has no field {name!r}", hint=did_you_mean(name, fields) or "")
    if missing := [name for name, field in fields.items() if name not in given and not _has_default(field)]:
        raise HyperparameterError(f"{owner} needs a value for {', '.join(missing)}")
    own = []
    for name, (value, source) in given.items():
        metadata = {**fields[name].metadata, "source": source}
        converted = checked(name, value, hints[name], metadata, owner)
        own.append((name, hints[name], dataclasses.field(default=converted, metadata=metadata)))
    made = dataclasses.make_dataclass(owner, own, bases=bases, frozen=True, kw_only=True)
    made.__doc__ = meanings.__doc__
    return typing.cast("H", made())


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING
