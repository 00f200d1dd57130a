"""The program `all`: its own commands, the plugins' commands, and what happens when something goes wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from allcore import __version__
from allcore.cli import failures
from allcore.cli.completion_script import COMPLETE_VARIABLE, completion, prepare_completion
from allcore.cli.doctor import doctor
from allcore.cli.evaluate import evaluate
from allcore.cli.list import list_
from allcore.cli.new_plugin import new_plugin
from allcore.cli.plot import plot
from allcore.cli.plugin_commands import PluginGroup, namespaces, unknown_command
from allcore.cli.plugins import plugins
from allcore.cli.resume import resume
from allcore.cli.run import run
from allcore.cli.runs import runs
from allcore.cli.show import show
from allcore.cli.watch import watch

#: Our own commands, in the order in which `--help` shows them.
SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Look around": (list_, show),
    "Train": (run, resume, runs),
    "Look at results": (evaluate, watch, plot),
    "Plugins and this installation": (plugins, doctor, new_plugin, completion),
}

OWN_COMMANDS = {str(command.name): command for commands in SECTIONS.values() for command in commands}


class Program(click.Group):
    """`all`: a group whose commands are ours and, below their namespaces, those that plugins registered."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands: ours first, then the plugins' namespaces in alphabetical order."""
        return [*OWN_COMMANDS, *(name for name in namespaces() if name not in OWN_COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command. Plugins are looked at only when it is none of ours."""
        if cmd_name in OWN_COMMANDS:
            return OWN_COMMANDS[cmd_name]
        entries = namespaces().get(cmd_name)
        return PluginGroup(cmd_name, entries) if entries else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with, or propose the nearest ones."""
        is_option = args[0].startswith("-")
        if not is_option and not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            raise unknown_command(ctx, args, self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in sections. No plugin's command is imported for that."""
        theirs = tuple(
            PluginGroup(name, found) for name, found in namespaces().items() if name not in OWN_COMMANDS
        )
        width = max(map(len, self.list_commands(ctx)))
        for title, commands in {**SECTIONS, "Commands of plugins": theirs}.items():
            if commands:
                with formatter.section(title):
                    formatter.write_dl(
                        [(str(c.name).ljust(width), c.get_short_help_str(90)) for c in commands]
                    )

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Start reading the arguments; without colours where the user or the terminal wants none."""
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            extra["color"] = False
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> None:
        """Run the command. What it returns is no exit code, so it is dropped."""
        super().invoke(ctx)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run the program and leave the process with its exit code. Every exception becomes a message."""
        completing = COMPLETE_VARIABLE in os.environ
        if completing:
            prepare_completion()
        try:
            code = super().main(
                args,
                prog_name="all",  # also for `python -m allcore`: it is what a user can type again
                complete_var=complete_var or COMPLETE_VARIABLE,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except (Exception, KeyboardInterrupt) as error:
            # Nobody who presses TAB wants to read about errors.
            sys.exit(1 if completing else failures.report(error))
        sys.exit(code or 0)


def _switch(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Tell the registry which plugins to load, before `--help` or anything else asks it."""
    switches: dict[str, Any] = ctx.meta.setdefault("allcore.switches", {})
    if value:
        from allcore.plugins import configure

        switches[str(parameter.name)] = value
        configure(**switches, warn=not ctx.resilient_parsing)
    return value


@click.command(
    cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--plugin",
    "files",
    multiple=True,
    metavar="FILE.py",
    is_eager=True,
    callback=_switch,
    type=click.Path(),
    help="Also load the plugin in this file: try an idea without packaging it. Repeatable.",
)
@click.option("--no-plugins", is_flag=True, is_eager=True, callback=_switch, help="Load no installed plugin.")
@click.version_option(__version__, message="allcore %(version)s")
def main(files: tuple[str, ...], no_plugins: bool) -> None:
    """Train, evaluate and watch reinforcement-learning agents.

    \b
    A first run, of about a minute:
      all list presets
      all run --preset classic.dqn --env CartPole-v1 --frames 20k
      all watch CartPole-v1

    Environment variables: ALL_PLUGINS (load only these), ALL_PLUGINS_DISABLE (all but these),
    ALL_PLUGINS_STRICT=1 (a broken plugin is an error). Exit codes: 0 fine, 2 your input, 3 what you asked for is
    broken, 4 two plugins claim it, 1 anything else.
    """  # noqa: D301 - click reads \b as a backspace: the paragraph keeps its lines
