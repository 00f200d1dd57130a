"""The reference pages that are written by hand say what is there, all of it."""

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from allcore import errors, plugins
from allcore.cli import main

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"


def _first_column(text, heading):
    """The names in the first column of the table below a heading."""
    section = text.partition(f"\n## `{heading}`\n")[2].partition("\n## ")[0]
    return re.findall(r"(?m)^\| `([\w.]+)` \|", section)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """The folder of a short run with all of the core's loggers."""
    logdir = tmp_path_factory.mktemp("runs")
    command = (
        "run --preset classic.dqn --env CartPole-v1 --frames 60 --test-episodes 2 --quiet --logger jsonl"
    )
    result = CliRunner().invoke(main, [*command.split(), "--logdir", str(logdir)])
    assert result.exit_code == 0, result.output
    (folder,) = logdir.glob("*/*/*")
    return folder


PAGE = (REFERENCE / "run-folder.md").read_text(encoding="utf-8")


def test_every_file_of_a_run_is_described(run_folder):
    patterns = re.findall(r"(?m)^\| `([\w.*]+)` \| (?:every|`core)", PAGE)
    described = {path.name for pattern in patterns for path in run_folder.glob(pattern)}
    assert {path.name for path in run_folder.iterdir()} == described


@pytest.mark.parametrize(
    "name", ["episodes.csv", "returns100.csv", "evaluations.csv", "evaluation_episodes.csv"]
)
def test_every_column_is_described(name, run_folder):
    with (run_folder / name).open() as file:
        assert _first_column(PAGE, name) == next(csv.reader(file))


def test_every_entry_of_run_json_is_described(run_folder):
    assert _first_column(PAGE, "run.json") == list(json.loads((run_folder / "run.json").read_text()))


def test_every_entry_of_status_json_is_described(run_folder):
    entries = json.loads((run_folder / "status.json").read_text())
    assert set(entries) | {"fps", "seconds_left"} == set(_first_column(PAGE, "status.json"))


def test_every_exit_code_is_described():
    page = (REFERENCE / "exit-codes.md").read_text(encoding="utf-8")
    for code, name in re.findall(r"(?m)^\| (\d+) \|.*\| `(\w+)` \|$", page):
        assert getattr(errors, name).exit_code == int(code)
    codes = {error.exit_code for error in vars(errors).values() if isinstance(error, type)}
    assert codes <= {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", page)}


def test_every_logger_of_the_core_is_described():
    page = (REFERENCE / "loggers.md").read_text(encoding="utf-8")
    for entry in plugins.registry().records("loggers"):
        if entry.plugin.namespace == "core":
            assert f"`{entry.key}`" in page


def test_every_variable_that_switches_plugins_is_described():
    names = set(re.findall(r"`(ALL_[A-Z_]+)", plugins.switches.__doc__))
    assert len(names) == 3
    page = (REFERENCE / "environment-variables.md").read_text(encoding="utf-8")
    assert all(f"`{name}" in page for name in names)


def test_make_check_builds_the_site_strictly():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "check-docs" in re.search(r"(?m)^check:(.*)$", makefile)[1]
    assert "build --strict" in makefile.partition("\ncheck-docs:")[2].partition("\n\n")[0]


def test_every_page_can_be_found_on_the_site():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").rglob("*.md")):
        name = str(page.relative_to(ROOT / "docs"))
        assert name.startswith(("decisions/", "reference/algorithms/")) or f" {name}\n" in navigation, name


@pytest.mark.parametrize(
    "entry",
    [entry for entry in plugins.registry().records("agents") if entry.plugin.namespace == "agents"],
    ids=str,
)
def test_every_algorithm_has_its_page(entry):
    page = (REFERENCE / f"algorithms/{entry.record.name.replace('_', '-')}.md").read_text(encoding="utf-8")
    headings = re.findall(r"(?m)^## (.+)$", page)
    wanted = ["Equations", "What differs from the paper", "Metrics", "Presets", "Measured"]
    assert headings == wanted
    module = entry.record.target.partition(":")[0].replace(".", "/")
    assert f"`{module}.py`" in page
    assert "<!-- presets -->" in page
    assert "<!-- measured -->" in page


def test_the_readme_names_every_algorithm():
    readme = (
        (ROOT / "README.md")
        .read_text(encoding="utf-8")
        .partition("## What there is")[2]
        .partition("\n## ")[0]
    )
    names = {entry.record.name for entry in plugins.registry().records("agents")}
    assert set(re.findall(r"`(\w+)`", readme)) == names
