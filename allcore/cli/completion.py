"""What TAB proposes for the values that users type: keys, environments, hyperparameters, runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from allcore.plugins import Entry

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def complete_keys(kind: str) -> Completer:
    """Propose the keys of one kind, with their summaries where the shell shows them."""

    def complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [_item(entry) for entry in _records(kind) if entry.key.startswith(incomplete)]

    return complete


def complete_all_keys(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Propose the keys of every kind."""
    from allcore.plugins import KINDS

    items = {entry.key: _item(entry) for kind in KINDS for entry in _records(kind)}
    return [item for key, item in sorted(items.items()) if key.startswith(incomplete)]


def complete_families(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Propose families of environments by their bare names."""
    names = [(entry.record.name, entry.record.summary) for entry in _records("environments")]
    return [CompletionItem(name, help=summary) for name, summary in names if name.startswith(incomplete)]


def complete_environments(
    ctx: click.Context,
    _parameter: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Propose the environments of the presets' domains, then every family; after `family:`, what it knows."""
    family, colon, start = incomplete.partition(":")
    if colon:
        entries = [entry for entry in _records("environments") if family in (entry.key, entry.record.name)]
        names = [f"{family}:{name}" for entry in entries for name in _names(entry) if name.startswith(start)]
        return [CompletionItem(name) for name in names]
    chosen = ctx.params.get("presets") or ()
    domains = {entry.record.domain for entry in _records("presets") if entry.key in chosen}
    own = [entry for entry in _records("environments") if entry.record.domain in domains]
    proposals = [CompletionItem(name) for entry in own for name in _names(entry)]
    proposals += [
        CompletionItem(f"{entry.record.name}:", help=entry.record.summary)
        for entry in _records("environments")
    ]
    return [item for item in proposals if item.value.startswith(incomplete)]


def complete_hyperparameters(
    ctx: click.Context,
    _parameter: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Propose `name=` for the presets' hyperparameters. This imports the presets, since only they know."""
    from allcore.plugins import registry
    from allcore.presets.hyperparameters import describe

    found = {}
    for key in ctx.params.get("presets") or ():
        for item in describe(registry().load(registry().find("presets", key)).values):
            found[item["name"]] = CompletionItem(f"{item['name']}=", help=item["doc"])
    return [item for name, item in found.items() if f"{name}=".startswith(incomplete)]


def complete_devices(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Propose kinds of devices. Which exist here, only torch could say."""
    return [CompletionItem(name) for name in ("cpu", "cuda", "mps") if name.startswith(incomplete)]


def _records(kind: str) -> list[Entry]:
    from allcore.plugins import registry

    return registry().records(kind)


def _item(entry: Entry) -> CompletionItem:
    return CompletionItem(entry.key, help=entry.record.summary)


def _names(entry: Entry) -> list[Any]:
    from allcore.plugins import registry

    return sorted(registry().load(entry, "names")())
