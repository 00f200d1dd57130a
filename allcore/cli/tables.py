"""Plain tables and lists for the terminal: aligned, as wide as the terminal, and unbroken in a pipe."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, TextIO

import click

_GAP = "  "

#: Characters in which a text can still be read.
_NARROW = 24


def echo_table(
    headers: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()
) -> None:
    """Print rows below their headers.

    In a terminal the last column is wrapped to what the others leave of the width; in a pipe every row is one line.

    Args:
        headers: The name of each column.
        rows: As many cells each; a cell is printed as `str` makes it, None as nothing.
        right: The columns that are aligned at the right: numbers.
    """
    cells = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    before = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    width = _terminal_width(sys.stdout)
    # Where the last column would be too narrow to read, it gets lines of its own below each row.
    below = width - before < min(_NARROW, widths[-1])
    indent = " " * (4 if below else before)
    click.secho(_line(headers, widths, right), bold=True)
    for row in cells:
        lines = textwrap.wrap(row[-1], max(width - len(indent), _NARROW)) or [""]
        first = "" if below else lines.pop(0)
        click.echo(_line([*row[:-1], first], widths, right))
        for line in filter(None, lines):
            click.echo(indent + line)


def _line(cells: Sequence[str], widths: list[int], right: Sequence[int]) -> str:
    aligned = [
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return _GAP.join(aligned).rstrip()


def _terminal_width(stream: TextIO) -> int:
    return shutil.get_terminal_size().columns if stream.isatty() else 1_000_000


def echo_fields(fields: Sequence[tuple[str, object]], *, err: bool = False) -> None:
    """Print names and values below each other, on stdout or stderr; what has no value is left out."""
    shown = [(name, printable(str(value))) for name, value in fields if value not in (None, "", (), [], {})]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        indent = " " * (width + 4)
        room = _terminal_width(sys.stderr if err else sys.stdout) - len(indent)
        lines = textwrap.wrap(value, max(room, _NARROW))
        click.echo(f"  {name.ljust(width)}  {lines[0]}", err=err)
        for line in lines[1:]:
            click.echo(indent + line, err=err)


def printable(text: str) -> str:
    """`text` with escapes for what would steer the terminal, or what it cannot show: names come from files, too."""
    return "".join(
        part if part.isprintable() or part in "\n\t" else part.encode("unicode_escape").decode()
        for part in text
    )


def echo_json(value: Any) -> None:
    """Print JSON that other programs read; a number that JSON does not have, such as infinity, becomes null."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False)
    # A file's name need not be text: half a pair of surrogates stands for such a byte, and no output takes it.
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
