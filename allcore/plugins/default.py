"""The one registry that a process shares, made when somebody first asks for it."""

# ruff: noqa: PLW0603 - one registry per process is what this module is for
from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from allcore.plugins.plugin_registry import Registry
from allcore.plugins.switches import Switches

_switches: Switches | None = None
_registry: Registry | None = None


def registry() -> Registry:
    """Return the registry of this process.

    The first call finds and loads the installed plugins; which ones, the environment variables say (see
    `allcore.plugins.switches`), and `configure`, where it was called.
    """
    global _registry
    if _registry is None:
        _registry = Registry(switches=_switches)
    return _registry


def configure(*, files: Sequence[Path | str] = (), no_plugins: bool = False, warn: bool = True) -> None:
    """Say which plugins the registry of this process is to load, besides what the environment variables say.

    Called again with other arguments, it makes the next call of `registry` start afresh.

    Args:
        files: What was given with `--plugin`.
        no_plugins: Whether `--no-plugins` was given.
        warn: Whether to log a line for each plugin that is not in order. A command that shows the state of all
            plugins anyway need not.
    """
    global _registry, _switches
    switches = Switches.from_environment(os.environ, files=files, no_plugins=no_plugins, warn=warn)
    if switches != _switches:
        _switches, _registry = switches, None


def reset() -> None:
    """Forget the registry of this process, and what `configure` was told."""
    global _registry, _switches
    _registry = _switches = None


@contextlib.contextmanager
def using(other: Registry) -> Iterator[Registry]:
    """Make `registry()` return another registry inside a `with` block. For tests."""
    global _registry, _switches
    before = _registry, _switches
    _registry, _switches = other, other.switches
    try:
        yield other
    finally:
        _registry, _switches = before
