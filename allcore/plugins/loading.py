"""Load one plugin, so that whatever is wrong with it costs nobody but itself."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pluggy

from allcore.errors import PluginError
from allcore.keys import NAME_GRAMMAR, did_you_mean, is_name
from allcore.plugins import lifecycle_hooks, registration_hooks
from allcore.plugins.causes import quote
from allcore.plugins.discovery import Announcement
from allcore.plugins.markers import PLUGIN_API, new_plugin_manager
from allcore.plugins.records import KINDS, Record
from allcore.plugins.versions import accepts

#: What a registration hook may take, in seconds.
BUDGET = 0.050

#: The name of each hook and the arguments that its implementations may take.
LIFECYCLE_HOOKS = tuple(name for name in vars(lifecycle_hooks) if name.startswith("all_"))
REGISTRATION_HOOKS = tuple(f"all_{kind}" for kind in KINDS)


@dataclass(eq=False)
class PluginStatus:
    """What became of one plugin.

    Args:
        announcement: Where it comes from.
        state: `loaded`; `warning` (loaded, but something about it is wrong); `broken`; `incompatible` (made for
            another version of the plugin API); `contested` (its namespace is claimed twice); `disabled`.
        message: What is wrong with it, in one line; empty when all is well.
        error: The exception behind the message, if there is one.
        seconds: How long its import and its registration hooks took together.
        counts: How many records of each kind it registered.
    """

    announcement: Announcement
    state: str = "loaded"
    message: str = ""
    error: BaseException | None = None
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The first half of its keys."""
        return self.announcement.namespace

    @property
    def module_name(self) -> str:
        """The module that holds its hooks."""
        return self.announcement.module_name

    @property
    def distribution(self) -> str:
        """The distribution that announces it, or the file that it was loaded from."""
        return self._described[0]

    @property
    def version(self) -> str:
        """The distribution's version; empty for a file."""
        return self._described[1]

    @property
    def origin(self) -> str:
        """The distribution with its version, such as `all-atari 1.2`, or the file."""
        return " ".join(filter(None, self._described))

    @property
    def usable(self) -> bool:
        """Whether its records are in the registry."""
        return self.state in ("loaded", "warning")

    @cached_property
    def _described(self) -> tuple[str, str]:
        # Read when somebody asks: parsing the metadata of a distribution costs about a millisecond.
        try:
            return self.announcement.describe()
        except Exception as error:
            return f"a distribution whose metadata cannot be read ({quote(error)})", "unknown"

    def __str__(self) -> str:
        return f"plugin {self.namespace!r} ({self.origin})"

    def line(self) -> str:
        """Say in one line who is not in order, why, and where to read more. Empty when all is well."""
        if self.state in ("loaded", "disabled"):
            return ""
        what = "" if self.usable else " is left out"
        return f"{self}{what}: {self.message}. Run 'all doctor' for more."

    def as_dict(self) -> dict[str, Any]:
        """Turn it into a dict that JSON can hold."""
        return {
            "namespace": self.namespace,
            "state": self.state,
            "distribution": self.distribution,
            "version": self.version,
            "module": self.module_name,
            "message": self.message,
            "milliseconds": round(self.seconds * 1e3, 3),
            "records": dict(self.counts),
        }


class _IncompatibleError(PluginError):
    """The plugin asks for another version of the plugin API."""


def manager_with_hooks() -> pluggy.PluginManager:
    """Make a pluggy manager that knows all our hooks and no plugin yet."""
    manager = new_plugin_manager()
    manager.add_hookspecs(registration_hooks)
    manager.add_hookspecs(lifecycle_hooks)
    return manager


def load_plugin(
    announcement: Announcement, manager: pluggy.PluginManager, clock: Callable[[], float]
) -> tuple[PluginStatus, dict[str, list[Record]]]:
    """Import a plugin, register its hooks and collect its records.

    It raises nothing that the plugin raises, and leaves nothing of a broken plugin in the manager.

    Args:
        announcement: Which plugin.
        manager: Where its hooks go.
        clock: Returns seconds; only differences count.

    Returns:
        What became of it, and its records of each kind; none when it is broken.
    """
    status = PluginStatus(announcement)
    records: dict[str, list[Record]] = {}
    began = clock()
    try:
        # What a plugin prints must not end up in the output of `all list --json`.
        with contextlib.redirect_stdout(sys.stderr):
            if not is_name(status.namespace):
                raise PluginError(f"its namespace must be {NAME_GRAMMAR}")
            plugin = _import(announcement)
            _check_api(plugin)
            other = manager.get_name(plugin)
            if other is not None:
                raise PluginError(f"its module is plugin {other!r} already; each namespace needs its own")
            manager.register(plugin, name=status.namespace)
            remarks = _unknown_hooks(plugin, manager)
            records, slow = _collect(status.namespace, manager, clock)
    except (Exception, SystemExit) as error:
        if manager.has_plugin(status.namespace):
            manager.unregister(name=status.namespace)
        status.state = "incompatible" if isinstance(error, _IncompatibleError) else "broken"
        status.message, status.error = quote(error), error
    else:
        remarks += slow
        if remarks:
            status.state, status.message = "warning", "; ".join(remarks)
    status.seconds = clock() - began
    status.counts = {kind: len(found) for kind, found in records.items() if found}
    return status, records


def _import(announcement: Announcement) -> object:
    try:
        return announcement.load()
    except ImportError as error:
        # A module of ours that lacks a name, such as a kind of record that came later.
        if isinstance(error, ModuleNotFoundError) or not str(error.name).startswith("allcore."):
            raise
        raise _IncompatibleError(
            f"{quote(error)}; it may be made for another version of the plugin API than ours, {PLUGIN_API}"
        ) from error


def _check_api(plugin: object) -> None:
    wanted = getattr(plugin, "ALL_PLUGIN_API", None)
    if wanted is None:
        return
    try:
        fits = accepts(wanted, PLUGIN_API)
    except (TypeError, AttributeError, ValueError):
        raise PluginError(f"ALL_PLUGIN_API is {wanted!r}, but must look like '>=1,<2'") from None
    if not fits:
        raise _IncompatibleError(f"it needs plugin API {wanted}, and this allcore has {PLUGIN_API}")


def _unknown_hooks(plugin: object, manager: pluggy.PluginManager) -> list[str]:
    """Find hooks that we do not have, and hooks that lack the marker: both would be passed over in silence."""
    hooks = REGISTRATION_HOOKS + LIFECYCLE_HOOKS
    remarks = []
    callers = manager.get_hookcallers(plugin) or []
    for caller in callers:
        optional = all(impl.optionalhook for impl in caller.get_hookimpls() if impl.plugin is plugin)
        if not caller.has_spec() and not optional:
            proposal = did_you_mean(caller.name, hooks, count=1)
            remarks.append(f"there is no hook {caller.name!r}" + (f" ({proposal})" if proposal else ""))
    known = {caller.name for caller in callers}
    unmarked = [name for name in hooks if name not in known and callable(getattr(plugin, name, None))]
    return remarks + [f"{name!r} lacks the decorator @hookimpl" for name in unmarked]


def _collect(
    namespace: str, manager: pluggy.PluginManager, clock: Callable[[], float]
) -> tuple[dict[str, list[Record]], list[str]]:
    """Call the plugin's registration hooks, one implementation at a time.

    A call through pluggy would stop at the first implementation that raises and lose what the others returned.
    """
    records: dict[str, list[Record]] = {}
    slow = []
    for kind, record_class in KINDS.items():
        name = f"all_{kind}"
        for implementation in getattr(manager.hook, name).get_hookimpls():
            if implementation.plugin_name != namespace:
                continue
            if implementation.wrapper or implementation.hookwrapper:
                raise PluginError(f"{name} is a wrapper, but wrappers are never called")
            began = clock()
            returned = implementation.function()
            if returned is None:
                raise PluginError(f"{name} returned None, but must return {record_class.__name__} records")
            # A generator does its work, and fails, only here.
            records.setdefault(kind, []).extend(returned)
            if clock() - began > BUDGET:
                took, allowed = (clock() - began) * 1e3, BUDGET * 1e3
                slow.append(
                    f"{name} took {took:.0f} ms, and every command waits for it; {allowed:.0f} are allowed"
                )
        _check_records(name, records.get(kind, []), record_class)
    return records, slow


def _check_records(hook: str, records: list[Record], record_class: type[Record]) -> None:
    names = set()
    for record in records:
        if not isinstance(record, record_class):
            raise PluginError(f"{hook} returned {record!r}, but must return {record_class.__name__} records")
        if record.name in names:
            raise PluginError(f"{hook} returned the name {record.name!r} twice")
        names.add(record.name)
