"""Tables are aligned, as wide as the terminal, and unbroken in a pipe."""

import json
import math
import os

import pytest

from allcore.cli import tables

TEXT = "a text of some length that does not fit beside the rest of it"


@pytest.fixture
def terminal(monkeypatch):
    """Pretend to print to a terminal of some width."""

    def of_width(columns):
        monkeypatch.setattr(tables.sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(tables.shutil, "get_terminal_size", lambda: os.terminal_size((columns, 24)))

    return of_width


def test_columns_are_aligned(capsys):
    tables.echo_table(["KEY", "N", "WHAT"], [["a.b", 5, "first"], ["long.key", None, ""]], right=[1])
    assert capsys.readouterr().out.splitlines() == [
        "KEY       N  WHAT",
        "a.b       5  first",
        "long.key",
    ]


def test_a_row_is_one_line_in_a_pipe(capsys):
    tables.echo_table(["KEY", "WHAT"], [["a", TEXT * 20]])
    assert capsys.readouterr().out.splitlines()[1] == f"a    {TEXT * 20}"


def test_the_last_column_is_wrapped_in_a_terminal(capsys, terminal):
    terminal(40)
    tables.echo_table(["KEY", "WHAT"], [["a", TEXT]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == ["a    a text of some length that does not", "     fit beside the rest of it"]


def test_the_last_column_goes_below_where_it_would_be_too_narrow(capsys, terminal):
    terminal(40)
    tables.echo_table(["KEY", "WHAT"], [["k" * 30, TEXT], ["short", ""]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "k" * 30,
        "    a text of some length that does not",
        "    fit beside the rest of it",
        "short",
    ]


def test_fields_without_a_value_are_left_out(capsys):
    tables.echo_fields([("one", 1), ("nothing", None), ("empty", ""), ("longer", "text"), ("zero", 0)])
    assert capsys.readouterr().out.splitlines() == ["  one     1", "  longer  text", "  zero    0"]


def test_json_is_json_whatever_the_numbers(capsys):
    tables.echo_json({"a": math.inf, "b": [math.nan, 1.5], "c": ("ü", None)})
    text = capsys.readouterr().out
    assert json.loads(text, parse_constant=pytest.fail) == {"a": None, "b": [None, 1.5], "c": ["ü", None]}
