"""`all doctor`: is this installation in order, and if not, why not."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from allcore import __version__
from allcore.cli.plugins import reported_registry
from allcore.cli.tables import echo_json
from allcore.errors import AllError

if TYPE_CHECKING:
    from allcore.plugins import Entry


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        state: `ok`, `note` (nothing is broken, but look at it) or `problem`.
        subject: What was looked at.
        text: What was found, in a line.
        details: The full cause of a problem.
    """

    state: str
    subject: str
    text: str
    details: str = ""


_MARKS = {"ok": ("ok", "green"), "note": ("--", "yellow"), "problem": ("!!", "red")}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check whether this installation is in order.

    Looks at Python, packages, devices and every plugin, and exits with 1 if something is broken.
    """
    findings = []
    for finding in _examine():
        findings.append(finding)
        if not as_json:
            _echo(finding)
    problems = sum(finding.state == "problem" for finding in findings)
    if as_json:
        echo_json([vars(finding) for finding in findings])
    else:
        plural = "" if problems == 1 else "s"
        click.echo(f"\n{problems} problem{plural} found." if problems else "\nEverything is in order.")
    ctx.exit(1 if problems else 0)


def _echo(finding: Finding) -> None:
    mark, colour = _MARKS[finding.state]
    click.echo(f"{click.style(mark, fg=colour)}  {finding.subject}: {finding.text}")
    for line in finding.details.splitlines():
        click.echo(f"      {line}")


def _examine() -> Iterator[Finding]:
    import platform

    yield Finding("ok", "Python", f"{platform.python_version()} in {sys.prefix}, on {platform.platform()}")
    yield from _packages()
    yield _torch()
    yield from _plugins()


def _packages() -> Iterator[Finding]:
    """Look at what the core says that it needs."""
    from importlib_metadata import PackageNotFoundError, requires, version

    found = [f"allcore {__version__}"]
    missing = []
    for requirement in requires("allcore") or []:
        name = re.split(r"[^\w.-]", requirement)[0]
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    yield Finding("ok", "packages", ", ".join(found))
    if missing:
        yield Finding("problem", "packages", f"not installed: {', '.join(missing)}")


def _torch() -> Finding:
    try:
        import torch
    except Exception as error:
        return _broken("torch", f"cannot be imported: {type(error).__name__}: {error}", error)
    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    return Finding(
        "ok", "torch", f"{torch.get_num_threads()} threads; devices: {', '.join(['cpu', *devices])}"
    )


def _plugins() -> Iterator[Finding]:
    try:
        with reported_registry() as (registry, remarks):
            pass
    except AllError as error:
        yield _broken("plugins", error.message, error)
        return
    for remark in remarks:
        yield Finding("note", "plugins", remark)
    for status in registry.plugins():
        if status.state == "loaded":
            milliseconds = f"loaded in {status.seconds * 1e3:.1f} ms"
            yield Finding("ok", str(status), milliseconds)
        elif status.state in ("warning", "disabled"):
            yield Finding("note", str(status), f"{status.state}: {status.message}")
        else:
            yield _broken(str(status), f"{status.state}: {status.message}", status.error)
    yield from _hidden_namespaces(registry.records("commands"))
    for entry in registry.records("health_checks"):
        fine, text = registry.check(entry)
        yield Finding("ok" if fine else "problem", entry.key, text)


def _hidden_namespaces(commands: list[Entry]) -> Iterator[Finding]:
    """Find plugins whose commands nobody can call, because their namespace is called like a command of ours."""
    from allcore.cli.program import OWN_COMMANDS

    for namespace in sorted({entry.plugin.namespace for entry in commands} & set(OWN_COMMANDS)):
        text = f"its commands cannot be called: 'all {namespace}' is a command of allcore itself"
        yield Finding("problem", f"plugin {namespace!r}", text)


def _broken(subject: str, text: str, error: BaseException | None) -> Finding:
    import traceback

    details = "" if error is None else "".join(traceback.format_exception(error)).rstrip()
    return Finding("problem", subject, text, details)
