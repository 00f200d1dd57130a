"""Find an entry by what a user typed, or explain why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from allcore.errors import AllError, ConflictError, PluginError, UnknownKeyError
from allcore.keys import did_you_mean
from allcore.plugins.loading import PluginStatus
from allcore.plugins.records import KINDS

if TYPE_CHECKING:
    from allcore.plugins.plugin_registry import Entry


def find(entries: Mapping[str, Entry], text: str) -> Entry | None:
    """Find an entry by its full key, or by its bare name when exactly one plugin has it."""
    if text in entries:
        return entries[text]
    named = _named(entries, text)
    return named[0] if len(named) == 1 else None


def failure(
    kind: str, text: str, entries: Mapping[str, Mapping[str, Entry]], plugins: Iterable[PluginStatus]
) -> AllError:
    """Make the error that says why `find` found nothing.

    Args:
        kind: What was looked for.
        text: What the user typed.
        entries: All entries, by kind and key.
        plugins: What became of each plugin.
    """
    noun = KINDS[kind].noun
    named = _named(entries[kind], text)
    if named:
        keys = ", ".join(sorted(entry.key for entry in named))
        return UnknownKeyError(f"Several plugins have {_a(noun)} {text!r}.", hint=f"Say which one: {keys}.")
    namespace, dot, _ = text.partition(".")
    for status in plugins:
        if dot and status.namespace == namespace and not status.usable:
            return _unusable(f"{noun} {text!r}", status)
    message = f"There is no {noun} {text!r}."
    for other, others in entries.items():
        if text in others:
            message = f"{text!r} is {_a(KINDS[other].noun)}, not {_a(noun)}."
    hints = [did_you_mean(text, entries[kind]), f"'all list {kind}' shows what there is."]
    missing = [status.namespace for status in plugins if not status.usable and status.state != "disabled"]
    if missing:
        hints.append(
            f"Plugins that could not be loaded: {', '.join(sorted(set(missing)))}; see 'all doctor'."
        )
    return UnknownKeyError(message, hint=" ".join(hint for hint in hints if hint))


def _named(entries: Mapping[str, Entry], name: str) -> list[Entry]:
    return [entry for entry in entries.values() if entry.record.name == name]


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _unusable(what: str, status: PluginStatus) -> AllError:
    if status.state == "disabled":
        return UnknownKeyError(
            f"{what} is not available: {status} is not loaded, because {status.message}.",
            hint="Leave out that switch, or change it.",
        )
    if status.state == "contested":
        return ConflictError(f"{what} is not available: {status.message}.")
    error = PluginError(f"{what} is not available, because {status} is left out: {status.message}.")
    error.__cause__ = status.error
    return error
