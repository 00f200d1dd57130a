"""What the user reads when something went wrong, and the exit code."""

from __future__ import annotations

import click

from allcore.errors import AllError

INTERRUPTED = 130


def report(error: BaseException) -> int:
    """Say on stderr what went wrong.

    A traceback is for a bug only: whoever mistyped something reads one message.

    Returns:
        The exit code.
    """
    if isinstance(error, AllError):
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        if isinstance(error, click.NoSuchOption) and error.option_name in ("--plugin", "--no-plugins"):
            click.echo(f"It goes before the command: all {error.option_name} ...", err=True)
        return error.exit_code
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    import traceback

    click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    click.echo(
        f"\nError: {type(error).__name__}, which nobody expected: a bug of allcore or of a plugin, not your mistake.\n"
        "The lines above say where. If they name a plugin, 'all plugins' says whose it is; please report them.",
        err=True,
    )
    return 1


def exit_code_of(states: list[str]) -> int:
    """The exit code of runs that ended in these states: the worst decides."""
    if "failed" in states:
        return AllError.exit_code
    return INTERRUPTED if "interrupted" in states else 0
