"""The switches that decide which plugins are loaded, and what happens when one is broken.

| switch                      | effect                                                                |
|-----------------------------|-----------------------------------------------------------------------|
| `ALL_PLUGINS=atari,agents`  | of the installed plugins load only these, and the core's own          |
| `ALL_PLUGINS_DISABLE=slurm` | load all but these                                                    |
| `--no-plugins`              | load only the core's own                                              |
| `--plugin FILE.py`          | load this file, too, whatever the other switches say                  |
| `ALL_PLUGINS_STRICT=1`      | a broken plugin is an error, not a warning: for authors and for CI    |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from allcore.plugins.markers import CORE_NAMESPACE


@dataclass(frozen=True, kw_only=True)
class Switches:
    """Which plugins to load.

    Args:
        allow: Namespaces to load, or None for all. The core's own is always among them.
        disable: Namespaces not to load.
        no_plugins: Load only the core's own.
        strict: Raise where one would warn.
        files: Plugin files to load besides.
        warn: Log one line for each plugin that is not in order.
    """

    allow: frozenset[str] | None = None
    disable: frozenset[str] = frozenset()
    no_plugins: bool = False
    strict: bool = False
    files: tuple[Path, ...] = ()
    warn: bool = True

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str],
        *,
        files: Sequence[Path | str] = (),
        no_plugins: bool = False,
        warn: bool = True,
    ) -> Switches:
        """Read the environment variables, and add what was said on the command line."""
        allow = environ.get("ALL_PLUGINS")
        return cls(
            allow=None if allow is None else _names(allow),
            disable=_names(environ.get("ALL_PLUGINS_DISABLE", "")),
            no_plugins=no_plugins,
            strict=environ.get("ALL_PLUGINS_STRICT", "").strip().lower() not in ("", "0", "false", "no"),
            files=tuple(Path(file) for file in files),
            warn=warn,
        )

    def why_not(self, namespace: str) -> str | None:
        """Say which switch keeps an installed plugin from being loaded, or None when it is to be loaded."""
        if namespace in self.disable:
            return "ALL_PLUGINS_DISABLE names it"
        if namespace == CORE_NAMESPACE:
            return None
        if self.no_plugins:
            return "--no-plugins was given"
        if self.allow is not None and namespace not in self.allow:
            return "ALL_PLUGINS does not name it"
        return None


def _names(text: str) -> frozenset[str]:
    """Split at commas and spaces."""
    return frozenset(text.replace(",", " ").split())
