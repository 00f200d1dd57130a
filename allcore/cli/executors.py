"""From `--executor` and `--executor-set` to an executor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from allcore.cli.values import parse_assignments
from allcore.plugins import registry

if TYPE_CHECKING:
    from allcore.executors import Executor


def find_executor(text: str, settings: Sequence[str]) -> tuple[type[Executor], dict[str, str]]:
    """The class of the executor with this key, and what was typed for the settings of its plugin.

    Args:
        text: the key.
        settings: assignments such as `partition=gpu`, to settings of the plugin that the executor is from.

    Raises:
        UnknownKeyError: There is no such executor, or its plugin has no such setting.
        UsageError: A value does not fit, or an assignment has no `=`.
    """
    entry = registry().find("executors", text)
    typed = parse_assignments("--executor-set", settings)
    for name, value in typed.items():
        registry().setting(f"{entry.plugin.namespace}.{name}", value)
    return registry().load(entry), typed
