"""Which versions of the plugin API a plugin asks for: `ALL_PLUGIN_API = ">=1.2,<2"`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

_COMPARISONS: dict[str, Callable[[tuple[int, int], tuple[int, int]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}

_CLAUSE = re.compile(r"(>=|<=|==|!=|>|<)\s*(\d+)(?:\.(\d+))?")


def accepts(specifier: str, version: str) -> bool:
    """Say whether a version of the plugin API is among those a plugin asks for.

    Args:
        specifier: Comparisons joined by commas, all of which must hold: `>=1,<2`. `1` means `1.0`.
        version: The version that we have, such as `1.0`.

    Raises:
        ValueError: The specifier is not one.
    """
    have = _pair(*version.split("."))
    clauses = [_CLAUSE.fullmatch(clause.strip()) for clause in specifier.split(",")]
    if not all(clauses):
        raise ValueError(f"{specifier!r} is not a list of versions such as '>=1,<2'")
    return all(_COMPARISONS[m[1]](have, _pair(m[2], m[3])) for m in clauses if m)


def _pair(major: str, minor: str | None = None) -> tuple[int, int]:
    return int(major), int(minor or 0)
