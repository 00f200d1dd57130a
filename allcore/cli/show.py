"""`all show`: everything about one thing, whatever its kind."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import click

from allcore.cli.completion import complete_all_keys
from allcore.cli.tables import echo_fields, echo_json, echo_table
from allcore.errors import UnknownKeyError
from allcore.keys import did_you_mean

if TYPE_CHECKING:
    from allcore.plugins import Entry


@click.command("show")
@click.argument("key", shell_complete=complete_all_keys)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(key: str, as_json: bool) -> None:
    """Show everything about one thing.

    KEY is that of a preset, which is shown with all its hyperparameters, of an agent, a family of environments, or
    anything else that 'all list' shows.
    """
    described = [{**_record(entry), **_DESCRIBE.get(entry.kind, _document)(entry)} for entry in _find(key)]
    if as_json:
        echo_json(described[0] if len(described) == 1 else described)
        return
    for number, description in enumerate(described):
        click.echo(nl=number > 0)
        _echo(description)


def _find(text: str) -> list[Entry]:
    """Find what is called so, of every kind: a plugin may have an executor and a command of one name."""
    from allcore.plugins import KINDS, registry

    everything = [entry for kind in KINDS for entry in registry().records(kind)]
    found = [entry for entry in everything if entry.key == text]
    found = found or [entry for entry in everything if entry.record.name == text]
    if found:
        return found
    for status in registry().plugins():
        if status.namespace == text.partition(".")[0] and not status.usable:
            registry().find("presets", text)  # raises what is wrong with the plugin
    hint = did_you_mean(text, {entry.key for entry in everything})
    raise UnknownKeyError(f"There is nothing called {text!r}.", hint=hint or "'all list presets' is a start.")


def _record(entry: Entry) -> dict[str, Any]:
    return {
        **entry.as_dict(),
        "distribution": entry.plugin.distribution,
        "version": entry.plugin.version,
    }


def _preset(entry: Entry) -> dict[str, Any]:
    from allcore.plugins import registry
    from allcore.presets.hyperparameters import describe

    return {"hyperparameters": describe(registry().load(entry).values)}


def _environments(entry: Entry) -> dict[str, Any]:
    from allcore.plugins import registry

    names = sorted(registry().load(entry, "names")())
    make = registry().load(entry)
    options = {
        parameter.name: _json_or_text(parameter.default)
        for parameter in inspect.signature(make).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.name not in _NOT_OPTIONS
    }
    return {"options": options, "names": names, "documentation": inspect.getdoc(make)}


#: What the program itself says to a family; the other arguments are the user's, with `--env-set`.
_NOT_OPTIONS = ("device", "seed", "render")


def _setting(entry: Entry) -> dict[str, Any]:
    from allcore.plugins import registry
    from allcore.plugins.settings import variable

    return {"variable": variable(entry.key), "value": registry().setting(entry.key)}


def _document(entry: Entry) -> dict[str, Any]:
    from allcore.plugins import registry

    target = registry().load(entry)
    text = target.help if isinstance(target, click.Command) else inspect.getdoc(target)
    described: dict[str, Any] = {"documentation": text}
    if entry.kind == "agents":
        presets = registry().records("presets")
        described["presets"] = [preset.key for preset in presets if preset.record.agent == entry.key]
    return described


_DESCRIBE = {"presets": _preset, "environments": _environments, "settings": _setting}


def _json_or_text(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except TypeError:
        return repr(value)


def _echo(description: dict[str, Any]) -> None:
    from allcore.plugins import KINDS

    noun = KINDS[description["kind"]].noun
    click.secho(f"{description['key']} ({noun}): {description['summary']}", bold=True)
    fields = [(name.replace("_", " "), _text(description[name])) for name in _FIELDS if name in description]
    if "default_frames" in description:
        fields.append(
            ("frames", f"{description['default_frames']:,} agent steps, unless --frames says otherwise")
        )
    origin = [f"{description['distribution']} {description['version']}".rstrip(), description.get("target")]
    fields.append(("from", ", ".join(filter(None, origin))))
    echo_fields(fields)
    if description.get("hyperparameters"):
        _echo_hyperparameters(description["key"], description["hyperparameters"])
    if description.get("options"):
        click.echo("\nOptions (change one with --env-set name=value):")
        echo_fields([(name, json.dumps(value)) for name, value in description["options"].items()])
    if description.get("documentation"):
        click.echo(f"\n{description['documentation']}")


#: The fields that are shown one a line, in this order. The number of names stands for the names.
_FIELDS = (
    "agent",
    "domain",
    "presets",
    "examples",
    "names",
    "tags",
    "type",
    "variable",
    "default",
    "value",
)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, list):
        return str(value)
    return ", ".join(value) if len(value) <= 8 else f"{len(value)}: {', '.join(value[:8])}, ..."


def _echo_hyperparameters(key: str, hyperparameters: list[dict[str, Any]]) -> None:
    click.echo(f"\nHyperparameters (change one with: all run --preset {key} --set name=value ...):")
    rows = [
        [item["name"], json.dumps(item["value"]), item["type"], item["unit"] or "-", _meaning(item)]
        for item in hyperparameters
    ]
    echo_table(["NAME", "VALUE", "TYPE", "UNIT", "MEANING [SOURCE]"], rows)


def _meaning(item: dict[str, Any]) -> str:
    return f"{item['doc']} [{item['source']}]" if item["source"] else str(item["doc"])
