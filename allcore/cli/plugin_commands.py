"""The commands that plugins registered, `all NAMESPACE NAME`. None is imported before it is called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from allcore.errors import AllError, PluginError, UsageError
from allcore.keys import did_you_mean

if TYPE_CHECKING:
    from allcore.plugins import Entry


def namespaces() -> dict[str, list[Entry]]:
    """Group the plugins' commands by namespace, both in alphabetical order."""
    from allcore.plugins import registry

    found: dict[str, list[Entry]] = {}
    for entry in registry().records("commands"):
        found.setdefault(entry.plugin.namespace, []).append(entry)
    return found


class PluginGroup(click.Group):
    """All commands of one plugin.

    Args:
        namespace: The plugin's, and the group's name.
        entries: Its commands.
    """

    def __init__(self, namespace: str, entries: Iterable[Entry]) -> None:
        commands = [PluginCommand(entry) for entry in entries]
        names = ", ".join(str(command.name) for command in commands)
        super().__init__(
            namespace,
            commands=commands,
            help=f"Commands of the plugin {namespace!r}.",
            short_help=names,
        )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with, or propose the nearest ones."""
        if not args[0].startswith("-") and not ctx.resilient_parsing and args[0] not in self.commands:
            raise unknown_command(ctx, args, self.commands)
        return super().resolve_command(ctx, args)


class PluginCommand(click.Command):
    """Stands for a plugin's command, of which it knows name and summary, until that is called."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.record.name, help=entry.record.summary, short_help=entry.record.summary)
        self._entry = entry

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Import the command and let it read its arguments. From here on click deals with the command itself."""
        from allcore.plugins import registry

        command = registry().load(self._entry)
        if not isinstance(command, click.Command):
            raise PluginError(
                f"{self._entry} cannot be run: {self._entry.record.target!r} of {self._entry.plugin} is of type "
                f"{type(command).__name__}, not a click command."
            )
        return command.make_context(info_name, args, parent, **extra)


def unknown_command(ctx: click.Context, args: list[str], known: Iterable[str]) -> AllError:
    """Make the error for a command that does not exist, or whose plugin could not be loaded."""
    from allcore.plugins import registry

    name = args[0]
    for status in registry().plugins():
        if status.namespace == name and not status.usable:
            try:
                registry().find("commands", ".".join([name, *args[1:2]]))
            except AllError as error:
                return error
    hint = f"{did_you_mean(name, known) or ''} '{ctx.command_path} --help' shows all commands.".strip()
    return UsageError(f"There is no command '{ctx.command_path} {name}'.", hint=hint)
