"""The built distributions in an environment of their own: the core alone, and each plugin with it."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {path.parent.name: path.parent for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))}

pytestmark = pytest.mark.system


def _run(*command, cwd):
    """Run a command outside of the workspace and of its environment."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with the wheel of every distribution, each built from its source archive."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in [ROOT, *FOLDERS.values()]:
        _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=source)
    for archive in sorted(folder.glob("*.tar.gz")):
        _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, archive, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory, wheels):
    """The `bin` of a fresh environment that holds the core's wheel and what it needs."""
    folder = tmp_path_factory.mktemp("environment")
    _run(sys.executable, "-m", "venv", folder, cwd=folder)
    _install(folder / "bin", wheels, "allcore")
    return folder / "bin"


def _install(bin_folder, wheels, name):
    constraints = ["--constraint", ROOT / "constraints.txt"]
    _run(bin_folder / "pip", "install", "-q", "--find-links", wheels, *constraints, name, cwd=bin_folder)


def test_the_core_stands_alone(environment, tmp_path):
    assert _run(environment / "all", "--version", cwd=tmp_path).strip().startswith("allcore ")
    assert json.loads(_run(environment / "all", "list", "presets", "--json", cwd=tmp_path)) == []
    loggers = json.loads(_run(environment / "all", "list", "loggers", "--json", cwd=tmp_path))
    assert {"core.csv", "core.tensorboard"} <= {logger["key"] for logger in loggers}


@pytest.mark.parametrize("name", FOLDERS)
def test_each_plugin_stands_with_the_core_alone(name, environment, wheels, tmp_path):
    before = _run(environment / "pip", "freeze", cwd=tmp_path).splitlines()
    _install(environment, wheels, name)
    try:
        entries = tomllib.loads((FOLDERS[name] / "pyproject.toml").read_text())["project"]["entry-points"]
        found = json.loads(_run(environment / "all", "plugins", "--json", cwd=tmp_path))
        status = {plugin["namespace"]: plugin["state"] for plugin in found}
        assert {namespace: status[namespace] for namespace in entries["allcore.plugins"]} == dict.fromkeys(
            entries["allcore.plugins"], "loaded"
        )
    finally:
        added = set(_run(environment / "pip", "freeze", cwd=tmp_path).splitlines()) - set(before)
        _run(
            environment / "pip",
            "uninstall",
            "-q",
            "-y",
            *(line.split("==")[0].split(" @")[0] for line in added),
            cwd=tmp_path,
        )
