"""`all new-plugin` writes a distribution that installs, and whose tests are green at once."""

import os
import subprocess
import sys
import tomllib

import pytest

from allcore.errors import UsageError
from allcore.plugins.new_plugin import write_plugin


def _python(folder, *arguments, **environ):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "distribution", "package"),
    [("robot", "all-robot", "all_robot"), ("my-robot_2", "all-my-robot-2", "all_my_robot_2")],
)
def test_everything_is_filled_in(tmp_path, name, distribution, package):
    folder = write_plugin(name, tmp_path / "new")
    assert folder == tmp_path / "new" / distribution
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert written == {
        "pyproject.toml",
        "README.md",
        "tests/test_plugin.py",
        *(f"{package}/{file}" for file in ("__init__.py", "plugin.py", "diary.py", "py.typed")),
    }
    assert not any("{{" in path.read_text(encoding="utf-8") for path in folder.rglob("*.*"))
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == distribution
    assert project["entry-points"] == {"allcore.plugins": {name: f"{package}.plugin"}}


def test_its_tests_are_green_at_once(tmp_path):
    folder = write_plugin("my-robot", tmp_path)
    # The fixtures come from the installed pytest plugin, as they do for its author.
    result = _python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert result.returncode == 0, result.stdout
    assert "4 passed" in result.stdout


def test_it_installs_and_is_found(tmp_path):
    folder = write_plugin("my-robot", tmp_path)
    pip = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    assert _python(folder, *pip, "--target", tmp_path / "site", folder).returncode == 0
    code = "from allcore.plugins import registry; r = registry(); print(r.load(r.find('loggers', 'my-robot.diary')))"
    result = _python(tmp_path, "-c", code, PYTHONPATH=str(tmp_path / "site"), ALL_PLUGINS="my-robot")
    assert (result.stdout, result.stderr) == ("<class 'all_my_robot.diary.DiaryLogger'>\n", "")


@pytest.mark.parametrize("name", ["Robot", "1robot", "my robot", "", "../robot", "core"])
def test_names_that_cannot_be(tmp_path, name):
    with pytest.raises(UsageError):
        write_plugin(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path):
    write_plugin("robot", tmp_path)
    with pytest.raises(UsageError, match="exists already"):
        write_plugin("robot", tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_plugin("robot", tmp_path / "file")
