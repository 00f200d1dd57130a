"""`all new-plugin`: start a plugin of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command("new-plugin")
@click.argument("name")
@click.option(
    "--directory",
    default=".",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where its folder goes.",
)
def new_plugin(name: str, directory: Path) -> None:
    """Write a complete plugin to start from.

    NAME becomes the first half of its keys. Its folder, all-NAME, is a distribution with one working component and
    tests that pass.
    """
    from allcore.plugins.new_plugin import write_plugin

    folder = shlex.quote(str(write_plugin(name, directory)))
    click.echo(
        f"Wrote {folder}. Next, try:\n  pip install -e {folder}\n  all plugins\n  python -m pytest {folder}"
    )
