"""`all list`: what there is, from the records alone. Nothing that is listed is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from allcore.cli.completion import complete_families
from allcore.cli.tables import echo_json, echo_table
from allcore.errors import UsageError
from allcore.keys import did_you_mean

if TYPE_CHECKING:
    from allcore.plugins import Entry

#: What can be listed, and its columns: a header and the record's field. Every table ends with the summary.
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "presets": (("AGENT", "agent"), ("DOMAIN", "domain"), ("FRAMES", "default_frames")),
    "agents": (("TAGS", "tags"),),
    "environments": (("DOMAIN", "domain"), ("EXAMPLES", "examples")),
    "bodies": (("DOMAIN", "domain"),),
    "loggers": (),
    "executors": (),
    "wrappers": (("DOMAIN", "domain"),),
    "commands": (),
    "settings": (("TYPE", "type"), ("DEFAULT", "default")),
}


@click.command("list")
@click.argument("kind", metavar="KIND", type=click.Choice(list(COLUMNS)))
@click.option("--domain", help="Only what is for this domain, such as atari.")
@click.option(
    "--family",
    shell_complete=complete_families,
    help="With 'environments': the names that this family knows, such as atari or gym.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(kind: str, domain: str | None, family: str | None, as_json: bool) -> None:
    """List what is installed.

    KIND is presets, agents, environments, bodies, loggers, executors, wrappers, commands or settings.
    """
    from allcore.plugins import registry

    if family is not None:
        if kind != "environments":
            raise UsageError(f"--family is about environments, not {kind}.")
        _list_names(family, as_json)
        return
    entries = registry().records(kind)
    if domain is not None:
        entries = _of_domain(kind, entries, domain)
    if as_json:
        echo_json([entry.as_dict() for entry in entries])
    elif entries:
        _echo_entries(kind, entries)
    else:
        click.echo(f"No {kind}.")


def _echo_entries(kind: str, entries: list[Entry]) -> None:
    columns = COLUMNS[kind]
    headers = ["KEY", *(header for header, _ in columns), "SUMMARY"]
    rows = [
        [
            entry.key,
            *(_cell(getattr(entry.record, field), field) for _, field in columns),
            entry.record.summary,
        ]
        for entry in entries
    ]
    right = [number for number, header in enumerate(headers) if header == "FRAMES"]
    echo_table(headers, rows, right=right)


def _cell(value: Any, field: str) -> str:
    if value is None:
        return "any" if field == "domain" else ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _list_names(family: str, as_json: bool) -> None:
    from allcore.plugins import registry

    entry = registry().find("environments", family)
    names = sorted(registry().load(entry, "names")())
    if as_json:
        echo_json(names)
    else:
        # One a line, so that they can be counted and searched.
        click.echo("\n".join(names))


def _of_domain(kind: str, entries: list[Entry], domain: str) -> list[Entry]:
    from allcore.plugins import registry

    presets = registry().records("presets")
    families = registry().records("environments")
    known = {entry.record.domain for entry in [*presets, *families] if entry.record.domain}
    if domain not in known:
        raise UsageError(
            f"There is no domain {domain!r}.",
            hint=did_you_mean(domain, known) or f"These are known: {', '.join(sorted(known))}.",
        )
    if kind == "agents":
        # An agent has no domain of its own: it is for those in which some preset uses it.
        used = {entry.record.agent for entry in presets if entry.record.domain == domain}
        return [entry for entry in entries if entry.key in used]
    if entries and not hasattr(entries[0].record, "domain"):
        raise UsageError(f"--domain does not apply to {kind}: they are the same for all domains.")
    return [entry for entry in entries if entry.record.domain in (domain, None)]
