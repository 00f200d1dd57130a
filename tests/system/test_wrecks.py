"""Broken plugins, installed for real: everything else goes on, and one clear line says what is wrong.

The cases are the folders of tests/wrecks; its README says what each of them states.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import importlib_metadata
import pytest

FOLDER = Path(__file__).parents[1] / "wrecks"
PROJECTS = sorted(FOLDER.rglob("pyproject.toml"))
WRECKS = sorted({project.relative_to(FOLDER).parts[0] for project in PROJECTS})


def _expectations(wreck):
    project = next(project for project in PROJECTS if project.relative_to(FOLDER).parts[0] == wreck)
    return tomllib.loads(project.read_text(encoding="utf-8"))["tool"]["wreck"]


EXPECTED = {wreck: _expectations(wreck) for wreck in WRECKS}
NOTICED = [wreck for wreck in WRECKS if "says" in EXPECTED[wreck]]

# What a program does that uses the registry, and ends as the command line does.
ASK = """
import sys
from allcore.errors import AllError
from allcore.plugins import registry
try:
    print(registry().load(registry().find("presets", sys.argv[1])))
except AllError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@pytest.fixture(scope="session")
def sites(tmp_path_factory):
    """Install all wrecks with one call of pip, and give each a folder of its own to put on the path."""
    together = tmp_path_factory.mktemp("together")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--no-compile"]
    command = [*pip, *offline, "--target", str(together), *(str(project.parent) for project in PROJECTS)]
    subprocess.run(command, check=True, timeout=120)
    apart = tmp_path_factory.mktemp("apart")
    for distribution in importlib_metadata.distributions(path=[str(together)]):
        namespace = next(iter(distribution.entry_points)).name
        for file in distribution.files:
            goal = apart / namespace / file
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(distribution.locate_file(file), goal)
    return apart


def _run(arguments, folders, **environ):
    path = os.pathsep.join(map(str, folders))
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def with_wreck(sites):
    """Run Python with one wreck installed beside the core."""

    def run(wreck, *arguments, **environ):
        return _run(arguments, [sites / wreck], ALL_PLUGINS=wreck, **environ)

    return run


def test_every_wreck_is_here(sites):
    assert sorted(folder.name for folder in sites.iterdir()) == WRECKS
    assert len(WRECKS) >= 12


@pytest.mark.parametrize("wreck", WRECKS)
def test_the_rest_keeps_working_with_one_clear_line(wreck, with_wreck):
    result = with_wreck(wreck, "-m", "allcore", "list", "loggers")
    assert result.returncode == 0, result.stderr
    assert "core.csv " in result.stdout
    assert "core.tensorboard " in result.stdout
    lines = result.stderr.splitlines()
    assert len(lines) == (1 if wreck in NOTICED else 0)
    for line in lines:
        assert EXPECTED[wreck]["says"] in line
        assert f"wreck-{wreck} 1.0" in line or wreck == "contested-namespace"
        assert line.endswith("Run 'all doctor' for more.")


@pytest.mark.parametrize("wreck", WRECKS)
def test_asking_for_it(wreck, with_wreck):
    result = with_wreck(wreck, "-c", ASK, EXPECTED[wreck]["asks"])
    assert result.returncode == EXPECTED[wreck]["exit_code"], result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("wreck", [wreck for wreck in WRECKS if EXPECTED[wreck]["exit_code"] != 0])
def test_asking_for_it_on_the_command_line(wreck, with_wreck):
    result = with_wreck(wreck, "-m", "allcore", "show", EXPECTED[wreck]["asks"])
    assert result.returncode == EXPECTED[wreck]["exit_code"], result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(("wreck", "code"), [("import-error", 3), ("slow", 3), ("contested-namespace", 4)])
def test_strict_mode_makes_it_an_error(wreck, code, with_wreck):
    result = with_wreck(wreck, "-c", ASK, "core.nothing", ALL_PLUGINS_STRICT="1")
    assert result.returncode == code, result.stderr


def test_it_can_be_switched_off(with_wreck):
    result = with_wreck(
        "import-error", "-m", "allcore", "list", "loggers", ALL_PLUGINS_DISABLE="import-error"
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_all_of_them_at_once(sites):
    folders = [sites / wreck for wreck in WRECKS]
    result = _run(["-m", "allcore", "list", "presets"], folders, ALL_PLUGINS=",".join(WRECKS))
    assert result.returncode == 0
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == ["missing-target.x", "slow.x"]
    assert len(result.stderr.splitlines()) == len(NOTICED)
