"""Typed, documented hyperparameters: a frozen dataclass whose every field says its meaning, unit and source."""

from __future__ import annotations

import dataclasses
import json
import math
import operator
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from allcore.errors import HyperparameterError
from allcore.keys import did_you_mean
from allcore.presets.function import Function

_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


#: What the bounds of a value are called in a message, and when they hold.
_BOUNDS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "at_least": ("at least", operator.ge),
    "above": ("above", operator.gt),
    "at_most": ("at most", operator.le),
    "below": ("below", operator.lt),
}


def hyperparameter(
    default: Any,
    doc: str,
    *,
    unit: str = "",
    source: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """A field of a hyperparameters class. Bounds of a list hold for each of its values.

    Args:
        default: the preset's value.
        doc: what it means, one sentence.
        unit: what it is counted in: agent steps, updates, emulator frames, ...
        source: where the default comes from: a paper and its table, a reference implementation, or our measurement.
        at_least: the smallest value that makes sense.
        at_most: the largest value that makes sense.
        above: what every value that makes sense is larger than.
        below: what every value that makes sense is smaller than.
    """
    bounds = {"at_least": at_least, "at_most": at_most, "above": above, "below": below}
    return dataclasses.field(default=default, metadata={"doc": doc, "unit": unit, "source": source, **bounds})


def described(
    doc: str,
    *,
    unit: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """A field of a hyperparameters class without a value: each preset gives its own, with `values`.

    Arguments as for `hyperparameter`.
    """
    bounds = {"at_least": at_least, "at_most": at_most, "above": above, "below": below}
    return dataclasses.field(metadata={"doc": doc, "unit": unit, "source": "", **bounds})


def replace(hyperparameters: Any, changes: Mapping[str, Any], *, owner: str) -> Any:
    """The same hyperparameters with some values changed; text is converted to the field's type.

    Args:
        hyperparameters: an instance of a hyperparameters class.
        changes: new values by name; a `str` for a field of another type is parsed (`"3e-4"`, `"true"`, `"64,64"`, `"[64, 64]"`).
        owner: the preset's name, for messages.

    Raises:
        HyperparameterError: a name is unknown, or a value does not fit its field's type or range.
    """
    fields = {field.name: field for field in dataclasses.fields(hyperparameters)}
    hints = typing.get_type_hints(type(hyperparameters))
    new = {}
    for name, value in changes.items():
        if name not in fields:
            raise HyperparameterError(
                f"{owner} has no hyperparameter {name!r}.",
                hint=f"{did_you_mean(name, fields) or ''} `all show {owner}` lists them all.".strip(),
            )
        new[name] = checked(name, value, hints[name], fields[name].metadata, owner)
    return dataclasses.replace(hyperparameters, **new)


def describe(hyperparameters: Any) -> list[dict[str, Any]]:
    """Every hyperparameter with name, value, type, unit, doc and source, in order of definition."""
    hints = typing.get_type_hints(type(hyperparameters))
    return [
        {
            "name": field.name,
            "value": to_json(getattr(hyperparameters, field.name)),
            "type": _type_name(hints[field.name]),
            "unit": field.metadata.get("unit", ""),
            "doc": field.metadata.get("doc", ""),
            "source": field.metadata.get("source", ""),
        }
        for field in dataclasses.fields(hyperparameters)
    ]


def as_dict(hyperparameters: Any) -> dict[str, Any]:
    """All values by name, ready for JSON."""
    return {
        field.name: to_json(getattr(hyperparameters, field.name))
        for field in dataclasses.fields(hyperparameters)
    }


def difference(hyperparameters: Any, base: Any) -> dict[str, Any]:
    """The values that differ from those of `base`, by name, ready for JSON."""
    before = as_dict(base)
    return {name: value for name, value in as_dict(hyperparameters).items() if value != before[name]}


def to_json(value: Any) -> Any:
    """A hyperparameter's value as JSON has it: tuples are lists, functions are `module:function`."""
    if isinstance(value, tuple):
        return [to_json(part) for part in value]
    return str(value) if isinstance(value, Function) else value


def checked(name: str, value: Any, hint: Any, metadata: Mapping[str, Any], owner: str) -> Any:
    """`value` as the type `hint`, if it is one and lies within the bounds that `metadata` names.

    Raises:
        HyperparameterError: it is not.
    """
    try:
        converted = _convert(value, hint)
    except (TypeError, ValueError, OverflowError, AttributeError):
        raise HyperparameterError(
            f"{owner}: {name} takes {_a(_type_name(hint))}, not {value!r}",
            hint=f"{name}: {metadata.get('doc', '')}",
        ) from None
    if isinstance(converted, Function):
        return Function(converted, hyperparameter=name)
    bounds = {word: metadata[word] for word in _BOUNDS if metadata.get(word) is not None}
    parts = converted if isinstance(converted, tuple) else (converted,)
    numbers = [part for part in parts if isinstance(part, (int, float))]
    if not all(_BOUNDS[word][1](number, bound) for number in numbers for word, bound in bounds.items()):
        said = " and ".join(f"{_BOUNDS[word][0]} {bound}" for word, bound in bounds.items())
        each = "each of " if isinstance(converted, tuple) else ""
        raise HyperparameterError(
            f"{owner}: {each}{name} is {said}, not {value!r}", hint=f"{name}: {metadata.get('doc', '')}"
        )
    return converted


def _convert(value: Any, hint: Any) -> Any:
    """`value` as the type `hint`; raises TypeError or ValueError if it is not one."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return _convert_optional(value, hint)
    if typing.get_origin(hint) is tuple:
        parts = _parts(value) if isinstance(value, str) else value
        return tuple(_convert(part, typing.get_args(hint)[0]) for part in parts)
    return _CONVERT[hint](value)


def _parts(text: str) -> list[Any]:
    """The values of a list as it is typed, `64,64`, or as `all show` prints it, `[64, 64]`."""
    text = text.strip()
    if text.startswith("["):
        parts: list[Any] = json.loads(text)
        return parts
    if text and not all(part.strip() for part in text.split(",")):
        raise ValueError
    return text.split(",") if text else []


def _convert_optional(value: Any, hint: Any) -> Any:
    if value is None or (isinstance(value, str) and value.lower() == "none"):
        return None
    (inner,) = (part for part in typing.get_args(hint) if part is not type(None))
    return _convert(value, inner)


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    raise TypeError


def _to_int(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        value = float(value) if set(value) & set(".eE") else int(value)
    if value != int(value):
        raise ValueError
    return int(value)


def _to_float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _to_str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_CONVERT: dict[Any, Callable[[Any], Any]] = {
    bool: _to_bool,
    int: _to_int,
    float: _to_float,
    str: _to_str,
    Function: Function.of,
}


def _type_name(hint: Any) -> str:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return " or ".join(
            "none" if part is type(None) else _type_name(part) for part in typing.get_args(hint)
        )
    if typing.get_origin(hint) is tuple:
        return f"list of {_type_name(typing.get_args(hint)[0])}"
    names = {
        int: "whole number",
        float: "number",
        bool: "true/false",
        str: "text",
        Function: "module:function",
    }
    return names[hint]


def _a(name: str) -> str:
    return name if name.startswith("module:") else f"a {name}"
