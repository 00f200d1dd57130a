"""The page on the command line shows every command that a user can see."""

import importlib.util
from pathlib import Path

import click

SCRIPT = Path(__file__).parents[2] / "docs" / "_hooks" / "command_line.py"


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = _load(SCRIPT)


@click.group(name="all")
def program():
    """Do everything."""


@program.group(name="list")
def listing():
    """Show what there is."""


@listing.command()
@click.option("--json", is_flag=True, help="For other programs.")
def presets(json):
    """Show the presets."""


@program.command(hidden=True)
def secret():
    """Not for users."""


def test_every_visible_command_has_a_section_with_its_help():
    page = reference.page(program)
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert headings == ["# Command line", "## `all`", "### `all list`", "#### `all list presets`"]
    section = page.partition("#### `all list presets`")[2]
    assert "Usage: all list presets [OPTIONS]" in section
    assert "--json  For other programs." in section
