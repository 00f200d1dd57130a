"""Read what a plugin's user has set: on the command line, in an environment variable, or in `all.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from allcore.errors import UsageError
from allcore.keys import did_you_mean
from allcore.plugins.records import SETTING_TYPES, SettingRecord

#: A value of a setting.
Value = str | int | float | bool | tuple[str, ...] | None

#: The file that is looked for in the current folder and those above it.
FILE = "all.toml"


def variable(key: str) -> str:
    """Name the environment variable of a setting.

    >>> variable("slurm.time-limit")
    'ALL_SLURM_TIME_LIMIT'
    """
    return "ALL_" + key.upper().replace(".", "_").replace("-", "_")


def read(
    key: str,
    record: SettingRecord,
    environ: Mapping[str, str],
    file: Path | None = None,
    typed: str | None = None,
    known: Collection[str] = (),
) -> Value:
    """Read a setting: what was typed, else its environment variable, else the file, else its default.

    Args:
        key: the setting's key.
        record: what its plugin says about it.
        environ: the environment variables.
        file: an `all.toml`; None if there is none.
        typed: the value on the command line; None if there is none.
        known: the names of all settings of this namespace: what else the file sets there is a mistake.

    Raises:
        UsageError: The value is not of the setting's type, or the file cannot be read.
    """
    name = variable(key)
    if typed is not None:
        return _parsed(typed, f"{key}={typed}", key, record)
    if name in environ:
        return _parsed(environ[name], f"The environment variable {name}={environ[name]!r}", key, record)
    table = _table(file, key.partition(".")[0], known) if file else {}
    if record.name in table:
        return _checked(table[record.name], f"{record.name} = {table[record.name]!r} in {file}", key, record)
    return record.default


def find_file(folder: Path) -> Path | None:
    """The `all.toml` in this folder, or in the nearest one above that has one."""
    for place in (folder, *folder.parents):
        if (place / FILE).is_file():
            return place / FILE
    return None


def _tables(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from None


def _table(file: Path, namespace: str, known: Collection[str]) -> dict[str, Any]:
    table = _tables(file).get(namespace, {})
    if not isinstance(table, dict):
        raise UsageError(f"{file}: {namespace} must be a table, [{namespace}], not {table!r}.")
    for name in table:
        if known and name not in known:
            hint = did_you_mean(name, set(known))
            raise UsageError(f"{file}: [{namespace}] has no setting {name!r}.", hint=hint)
    return table


def _parsed(text: str, where: str, key: str, record: SettingRecord) -> Value:
    try:
        return _PARSERS[record.type](text.strip())
    except (KeyError, ValueError):
        raise _wrong(where, key, record) from None


def _checked(value: Any, where: str, key: str, record: SettingRecord) -> Any:
    if record.type == "list" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if record.type == "float" and type(value) is int:
        return float(value)
    if type(value) is not SETTING_TYPES[record.type]:
        raise _wrong(where, key, record)
    return value


def _wrong(where: str, key: str, record: SettingRecord) -> UsageError:
    return UsageError(f"{where} does not fit: the setting {key} is {_WORDS[record.type]}.")


def _parse_bool(text: str) -> bool:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


_PARSERS: dict[str, Callable[[str], Value]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": _parse_bool,
    "list": _parse_list,
}

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list of text (in a variable, one item a line)",
}
