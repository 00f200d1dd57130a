"""The registry: everything that plugins registered, by kind and key."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allcore.errors import ConflictError, PluginError, UsageError
from allcore.keys import did_you_mean, make_key
from allcore.plugins import discovery, lookup, settings
from allcore.plugins.causes import quote
from allcore.plugins.discovery import Announcement
from allcore.plugins.loading import LIFECYCLE_HOOKS, PluginStatus, load_plugin, manager_with_hooks
from allcore.plugins.markers import CORE_NAMESPACE
from allcore.plugins.records import KINDS, Record, record_as_dict
from allcore.plugins.switches import Switches
from allcore.plugins.targets import import_target


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One registered thing.

    Args:
        kind: Which hook it came from: `presets`, `agents`, ...
        key: Its full key.
        record: What the plugin said about it.
        plugin: Who registered it.
    """

    kind: str
    key: str
    record: Any  # the record class of its kind; readers of one kind know which
    plugin: PluginStatus

    def __str__(self) -> str:
        return f"{self.record.noun} {self.key!r}"

    def as_dict(self) -> dict[str, Any]:
        """Turn it into a dict that JSON can hold: `kind`, `key`, `plugin`, and the fields of the record."""
        return {
            "kind": self.kind,
            "key": self.key,
            "plugin": self.plugin.namespace,
            **record_as_dict(self.record),
        }


class Registry:
    """Finds plugins, loads each by itself, and hands out what they registered.

    Everything happens when it is made: plugins are imported (they are light) and asked what they have. Targets are
    imported by `load`.

    Args:
        announcements: The plugins to load; None for those that installed distributions announce.
        switches: Which of them to load; None to read the environment variables.
        clock: Returns seconds, for the budget of hooks.

    Raises:
        UsageError: A plugin file does not exist, or its name cannot be a namespace.
        PluginError: A plugin file is broken; or any plugin is, in strict mode.
        ConflictError: A plugin file claims a taken namespace; or any plugin does, in strict mode.
    """

    def __init__(
        self,
        announcements: Sequence[Announcement] | None = None,
        *,
        switches: Switches | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.switches = Switches.from_environment(os.environ) if switches is None else switches
        self._clock = clock
        self._manager = manager_with_hooks()
        self._plugins: list[PluginStatus] = []
        self._entries: dict[str, dict[str, Entry]] = {kind: {} for kind in KINDS}
        self._complained: set[tuple[str, str]] = set()
        if announcements is None:
            announcements, problems = discovery.installed()
            for problem in problems:
                self._warn(f"{problem}; plugins announced there are left out. Run 'all doctor' for more.")
        self._load_all(announcements)

    def records(self, kind: str) -> list[Entry]:
        """List what is registered of one kind, in the order of the keys.

        Args:
            kind: `agents`, `presets`, `environments`, `wrappers`, `bodies`, `loggers`, `executors`, `commands`,
                `settings` or `health_checks`.

        Raises:
            UsageError: There is no such kind.
        """
        return sorted(self._of_kind(kind).values(), key=lambda entry: entry.key)

    def find(self, kind: str, text: str) -> Entry:
        """Find one thing by its full key, or by its bare name when exactly one plugin has it.

        Raises:
            UnknownKeyError: Nobody registered it, or several did under this bare name. The message proposes the
                nearest keys.
            PluginError: It belongs to a plugin that is broken.
            ConflictError: It belongs to a namespace that is claimed twice.
        """
        entry = lookup.find(self._of_kind(kind), text)
        if entry is None:
            raise lookup.failure(kind, text, self._entries, self._plugins)
        return entry

    def load(self, entry: Entry, field: str = "target") -> Any:
        """Import what an entry points to.

        Args:
            entry: One that `records` or `find` returned.
            field: Which of the record's targets: `target`, or `names` of a family of environments.

        Raises:
            PluginError: It cannot be imported.
        """
        return import_target(getattr(entry.record, field), entry.plugin, str(entry))

    def setting(self, key: str, typed: str | None = None) -> Any:
        """Read a setting: what was typed, else its environment variable, else `all.toml`, else its default.

        The nearest `all.toml` counts: in the current folder, or in one above it.

        Args:
            key: The setting's key, such as `slurm.partition`.
            typed: What was typed for it on the command line; None if nothing was.

        Raises:
            UnknownKeyError: No plugin has such a setting.
            UsageError: The value is not of the setting's type, or the file cannot be read.
        """
        entry = self.find("settings", key)
        siblings = [
            e.record.name for e in self.records("settings") if e.plugin.namespace == entry.plugin.namespace
        ]
        file = settings.find_file(Path.cwd())
        return settings.read(entry.key, entry.record, os.environ, file, typed, siblings)

    def check(self, entry: Entry) -> tuple[bool, str]:
        """Make a health check.

        Returns:
            Whether all is well, and one line that says what was found or what is wrong.
        """
        try:
            return True, str(self.load(entry)())
        except (Exception, SystemExit) as error:
            return False, quote(error)

    def plugins(self) -> list[PluginStatus]:
        """List what became of every announced plugin, in the order of their namespaces."""
        return sorted(self._plugins, key=lambda status: status.namespace)

    def owner_of(self, module_name: str) -> PluginStatus | None:
        """Say which plugin's package a module belongs to; None when it is no plugin's."""
        package = module_name.partition(".")[0]
        owners = [p for p in self.plugins() if p.usable and p.module_name.partition(".")[0] == package]
        return owners[0] if owners else None

    def notify(self, hook: str, **arguments: Any) -> None:
        """Tell every plugin that something happened to a run.

        What an implementation raises is logged; it never reaches the caller. Mappings and lists are copied for each
        implementation, so that none can change what the others, or the run, see.

        Args:
            hook: The name of a lifecycle hook, such as `all_run_started`.
            **arguments: All of the hook's arguments, and no others.

        Raises:
            TypeError: There is no such hook, or the arguments are not the hook's: a mistake of the caller.
        """
        if hook not in LIFECYCLE_HOOKS:
            raise TypeError(f"{hook!r} is not a lifecycle hook; these are: {', '.join(LIFECYCLE_HOOKS)}")
        caller = getattr(self._manager.hook, hook)
        if set(arguments) != set(caller.spec.argnames):
            raise TypeError(f"{hook} takes {', '.join(caller.spec.argnames)}, not {', '.join(arguments)}")
        for implementation in sorted(caller.get_hookimpls(), key=lambda impl: impl.plugin_name):
            try:
                implementation.function(*(_own_copy(arguments[name]) for name in implementation.argnames))
            except (Exception, SystemExit) as error:
                self._complain(implementation.plugin_name, hook, error)

    # -- loading ---------------------------------------------------------------------------------------------

    def _load_all(self, announcements: Sequence[Announcement]) -> None:
        wanted = []
        for announcement in announcements:
            reason = self.switches.why_not(announcement.namespace)
            if reason is None:
                wanted.append(announcement)
            else:
                self._plugins.append(PluginStatus(announcement, state="disabled", message=reason))
        self._check_allowed(announcements)
        wanted += [discovery.from_file(file) for file in self.switches.files]
        contested = self._refuse_contested(wanted)
        for announcement in sorted(wanted, key=lambda a: a.namespace):
            if id(announcement) not in contested:
                self._load(announcement)

    def _load(self, announcement: Announcement) -> None:
        status, records = load_plugin(announcement, self._manager, self._clock)
        self._plugins.append(status)
        for kind, found in records.items():
            for record in found:
                self._add(kind, record, status)
        if status.state != "loaded":
            asked_for = announcement.file is not None and not status.usable
            self._report(status.line(), PluginError, status.error, fatal=asked_for)

    def _add(self, kind: str, record: Record, status: PluginStatus) -> None:
        key = make_key(status.namespace, record.name)
        self._entries[kind][key] = Entry(kind=kind, key=key, record=record, plugin=status)

    def _refuse_contested(self, announcements: list[Announcement]) -> set[int]:
        """Keep out everybody who claims a namespace that somebody else claims, too."""
        refused = set()
        for namespace, claims in discovery.duplicates(announcements):
            who = [PluginStatus(claim).origin for claim in claims]
            line = f"namespace {namespace!r} is claimed by {' and by '.join(who)}"
            losers = claims
            if namespace == CORE_NAMESPACE:
                # Without its own plugin the core can do nothing, so nobody can take that name away from it.
                losers = [claim for claim in claims if not claim.module_name.startswith("allcore.")]
                line += ", but is the core's own: only that is loaded"
            else:
                line += ", so none of them is loaded: uninstall or rename all but one"
            self._plugins += [PluginStatus(claim, state="contested", message=line) for claim in losers]
            refused |= {id(claim) for claim in losers}
            asked_for = any(claim.file is not None for claim in losers)
            self._report(f"{line}. Run 'all doctor' for more.", ConflictError, None, fatal=asked_for)
        return refused

    def _check_allowed(self, announcements: Sequence[Announcement]) -> None:
        namespaces = {announcement.namespace for announcement in announcements}
        for name in sorted((self.switches.allow or frozenset()) - namespaces):
            proposal = did_you_mean(name, namespaces)
            line = f"ALL_PLUGINS names {name!r}, but no such plugin is installed. {proposal or ''}".rstrip()
            self._report(line, UsageError, None, fatal=False)

    # -- messages --------------------------------------------------------------------------------------------

    def _report(
        self, line: str, error_class: type[Exception], cause: BaseException | None, *, fatal: bool
    ) -> None:
        if fatal or self.switches.strict:
            raise error_class(line) from cause
        self._warn(line)

    def _warn(self, line: str) -> None:
        if self.switches.warn:
            _logger().warning(line)

    def _complain(self, namespace: str, hook: str, error: BaseException) -> None:
        """Log what a lifecycle hook raised, with the whole story the first time."""
        first = (namespace, hook) not in self._complained
        self._complained.add((namespace, hook))
        line = "plugin %r: %s raised %s; the run goes on"
        _logger().warning(line, namespace, hook, quote(error), exc_info=error if first else None)

    def _of_kind(self, kind: str) -> dict[str, Entry]:
        if kind not in self._entries:
            raise UsageError(
                f"There is no kind {kind!r}.", hint=did_you_mean(kind, KINDS) or ", ".join(KINDS)
            )
        return self._entries[kind]


def _own_copy(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, (dict, list)) else value


def _logger() -> Any:
    # Imported here because it costs milliseconds and is needed only when something is wrong.
    import logging

    return logging.getLogger("allcore.plugins")
