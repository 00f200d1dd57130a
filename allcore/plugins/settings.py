"""Read what a plugin's user has set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from allcore.errors import UsageError
from allcore.plugins.records import SettingRecord


def variable(key: str) -> str:
    """Name the environment variable of a setting.

    >>> variable("slurm.time-limit")
    'ALL_SLURM_TIME_LIMIT'
    """
    return "ALL_" + key.upper().replace(".", "_").replace("-", "_")


def read(key: str, record: SettingRecord, environ: Mapping[str, str]) -> str | int | float | bool | None:
    """Read a setting from its environment variable, or else take its default.

    Raises:
        UsageError: The variable's value is not of the setting's type.
    """
    name = variable(key)
    text = environ.get(name)
    if text is None:
        return record.default
    try:
        return _PARSERS[record.type](text.strip())
    except (KeyError, ValueError):
        raise UsageError(
            f"The environment variable {name} is {text!r}, but the setting {key} is of type {record.type}."
        ) from None


def _parse_bool(text: str) -> bool:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]


_PARSERS: dict[str, Callable[[str], str | int | float | bool]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": _parse_bool,
}
