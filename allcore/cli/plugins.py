"""`all plugins`: who is installed, and what each registered."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from allcore.cli.tables import echo_json, echo_table

if TYPE_CHECKING:
    from allcore.plugins import Registry


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plugins(as_json: bool) -> None:
    """List the installed plugins.

    MS is how many milliseconds loading one took; every command waits for that.
    """
    with reported_registry() as (registry, remarks):
        found = registry.plugins()
    if as_json:
        echo_json([status.as_dict() for status in found])
        return
    rows = []
    for status in found:
        registered = ", ".join(f"{kind.replace('_', ' ')}: {count}" for kind, count in status.counts.items())
        milliseconds = f"{status.seconds * 1e3:.1f}" if status.seconds else None
        what = registered or ("nothing" if status.usable else status.message)
        rows.append([status.namespace, status.state, status.distribution, status.version, milliseconds, what])
    echo_table(["NAMESPACE", "STATE", "DISTRIBUTION", "VERSION", "MS", "REGISTERS"], rows, right=[4])
    for line in [
        *remarks,
        *(f"{status}: {status.message}." for status in found if status.state == "warning"),
    ]:
        click.echo(line, err=True)
    if any(status.state not in ("loaded", "disabled") for status in found):
        click.echo("'all doctor' shows the causes.", err=True)


@contextlib.contextmanager
def reported_registry() -> Iterator[tuple[Registry, list[str]]]:
    """Hand out the registry, and what it complains of beside plugins that are not in order.

    Those stand in the answer anyway, so they are not printed twice.

    Raises:
        AllError: The registry cannot be made: in strict mode, or because of a `--plugin`.
    """
    import logging

    from allcore.plugins import registry

    complaints: list[str] = []
    collector = logging.Handler()
    collector.emit = lambda record: complaints.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("allcore.plugins")
    logger.addHandler(collector)
    try:
        made = registry()
        told = {status.line() for status in made.plugins()}
        yield made, [line for line in complaints if line not in told]
    finally:
        logger.removeHandler(collector)
