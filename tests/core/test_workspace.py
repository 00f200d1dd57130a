"""The distributions of the workspace agree with each other and with what they promise."""

import tomllib
from pathlib import Path

import pytest

import allcore

ROOT = Path(__file__).parents[2]
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]


def _project(path):
    return tomllib.loads(path.read_text())


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
class TestEveryDistribution:
    def test_has_the_shared_version(self, path):
        assert _project(path)["project"]["version"] == allcore.__version__

    def test_needs_the_same_python(self, path):
        assert _project(path)["project"]["requires-python"] == ">=3.11"

    def test_tells_type_checkers_that_it_is_typed(self, path):
        (package,) = _project(path)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
        assert (path.parent / package / "py.typed").is_file()

    def test_ships_the_licence_of_the_workspace(self, path):
        assert (path.parent / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()

    def test_plugins_take_any_core_of_this_major_version(self, path):
        project = _project(path)["project"]
        if project["name"] != "allcore":
            assert "allcore>=0.1,<1" in project["dependencies"]


def test_every_plugin_is_kept_out_of_the_core():
    packages = {path.name for path in ROOT.glob("plugins/*/all_*")}
    settings = _project(PROJECTS[0])["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in settings["contracts"]}
    assert set(" | ".join(contracts["plugins"]["layers"]).split(" | ")) == {*packages, "allcore"}
    assert set(settings["root_packages"]) == {*packages, "allcore"}
