"""Write the page `reference/command-line.md` from the click commands, on every build."""

from __future__ import annotations

from collections.abc import Iterator

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGE = "reference/command-line.md"

# Columns of the help texts: what fits on a page, whatever terminal the build runs in.
WIDTH = 90


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site (called by MkDocs when it has read the documentation's files)."""
    from allcore.cli import main

    files.append(File.generated(config, PAGE, content=page(main)))
    return files


def page(command: click.Command) -> str:
    """The page for a program, its commands and theirs."""
    head = "# Command line\n\nEvery command, as `--help` shows it."
    return "\n\n".join([head, *_sections(command, None)]) + "\n"


def _sections(command: click.Command, parent: click.Context | None) -> Iterator[str]:
    name = "all" if parent is None else command.name
    settings = {"terminal_width": WIDTH, **command.context_settings}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    level = context.command_path.count(" ") + 2
    yield f"{'#' * level} `{context.command_path}`"
    yield f"```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for child_name in command.list_commands(context):
            child = command.get_command(context, child_name)
            if child is not None and not child.hidden:
                yield from _sections(child, context)
