"""`all plugins`, `all doctor`, `all new-plugin`: what is installed, whether it is in order, and how to add to it."""

import json
import subprocess
import sys

import pytest

from allcore import builtin
from allcore.plugins import CommandRecord, HealthCheckRecord, LoggerRecord, Registry, Switches, using
from allcore.plugins.discovery import from_module


@pytest.fixture
def with_plugins(make_plugin):
    """Install these plugins beside the core, broken ones too."""
    import contextlib

    with contextlib.ExitStack() as stack:

        def install(**plugins):
            modules = {"core": builtin, **plugins}
            announcements = [from_module(name, module) for name, module in modules.items()]
            stack.enter_context(using(Registry(announcements, switches=Switches(warn=False))))

        yield install


@pytest.fixture
def good(make_plugin):
    return make_plugin(all_loggers=[LoggerRecord(name="diary", target="json:dumps", summary="A diary.")])


class TestPlugins:
    def test_the_table(self, with_plugins, good, make_plugin, run_all):
        with_plugins(good=good, bad=make_plugin(all_loggers=None))
        result = run_all("plugins")
        assert result.exit_code == 0
        rows = {line.split()[0]: line for line in result.stdout.splitlines()}
        assert rows["good"].split()[1] == "loaded"
        assert rows["good"].endswith("loggers: 1")
        assert rows["bad"].split()[1] == "broken"
        assert "all_loggers returned None" in rows["bad"]
        assert result.stderr == "'all doctor' shows the causes.\n"

    def test_json(self, with_plugins, good, run_all):
        with_plugins(good=good)
        found = {plugin["namespace"]: plugin for plugin in json.loads(run_all("plugins", "--json").stdout)}
        assert list(found) == ["core", "good"]
        assert found["good"]["records"] == {"loggers": 1}
        assert found["good"]["state"] == "loaded"

    @pytest.mark.usefixtures("fresh_registry")
    def test_nothing_is_said_twice(self, make_plugin, run_all, monkeypatch):
        announcements = [from_module("core", builtin), from_module("bad", make_plugin(all_loggers=None))]
        found = announcements, ["the metadata of 'x' cannot be read"]
        monkeypatch.setattr("allcore.plugins.discovery.installed", lambda: found)
        result = run_all("plugins")
        assert result.stdout.count("all_loggers returned None") == 1
        remark, hint = result.stderr.splitlines()
        assert remark.startswith("the metadata of 'x' cannot be read")
        assert hint == "'all doctor' shows the causes."


class TestDoctor:
    def test_all_is_well(self, with_plugins, good, run_all):
        with_plugins(good=good)
        result = run_all("doctor")
        assert result.exit_code == 0, result.stdout
        assert result.stdout.endswith("\nEverything is in order.\n")
        for text in ("Python: 3.", "torch 2.", "devices: cpu", "ok  plugin 'good'"):
            assert text in result.stdout

    def test_a_broken_plugin_with_its_cause(self, with_plugins, good, make_plugin, run_all):
        with_plugins(good=good, bad=make_plugin(all_loggers=None))
        result = run_all("doctor")
        assert result.exit_code == 1
        assert "!!  plugin 'bad' (a module in memory): broken: all_loggers returned None" in result.stdout
        assert "      Traceback (most recent call last):" in result.stdout
        assert "ok  plugin 'good'" in result.stdout
        assert result.stdout.endswith("\n1 problem found.\n")

    def test_health_checks(self, with_plugins, make_plugin, run_all):
        names = ("getcwd", "abort_mission")
        checks = [HealthCheckRecord(name=name, target=f"os:{name}", summary="A check.") for name in names]
        with_plugins(ship=make_plugin(all_health_checks=checks))
        result = run_all("doctor")
        assert result.exit_code == 1
        assert "ok  ship.getcwd: /" in result.stdout
        assert "!!  ship.abort_mission: " in result.stdout

    def test_commands_that_nobody_can_call(self, with_plugins, make_plugin, run_all):
        command = CommandRecord(name="fast", target="json:dumps", summary="Fast.")
        with_plugins(run=make_plugin(all_commands=[command]))
        result = run_all("doctor")
        assert result.exit_code == 1
        assert "'all run' is a command of allcore itself" in result.stdout
        assert run_all("run", "--help").stdout.startswith("Usage: all run [OPTIONS]\n")

    def test_json(self, with_plugins, good, run_all):
        with_plugins(good=good)
        findings = json.loads(run_all("doctor", "--json").stdout)
        assert {finding["state"] for finding in findings} == {"ok"}

    @pytest.mark.usefixtures("fresh_registry")
    def test_strict_mode_is_reported_too(self, run_all, monkeypatch):
        monkeypatch.setenv("ALL_PLUGINS", "nobody")
        assert "--  plugins: ALL_PLUGINS names 'nobody'" in run_all("doctor").stdout
        from allcore.plugins import reset

        reset()
        monkeypatch.setenv("ALL_PLUGINS_STRICT", "1")
        result = run_all("doctor")
        assert result.exit_code == 1
        assert "!!  plugins: ALL_PLUGINS names 'nobody'" in result.stdout


class TestNewPlugin:
    def test_it_says_what_to_do_next(self, run_all, tmp_path):
        result = run_all("new-plugin", "robot")
        assert result.exit_code == 0
        assert result.stdout.startswith("Wrote all-robot. Next, try:\n  pip install -e all-robot\n")
        assert (tmp_path / "all-robot" / "pyproject.toml").is_file()

    def test_in_another_folder(self, run_all, tmp_path):
        assert run_all("new-plugin", "robot", "--directory", "my plugins").exit_code == 0
        assert (tmp_path / "my plugins" / "all-robot" / "pyproject.toml").is_file()

    @pytest.mark.parametrize("name", ["Robot", "core", "7up"])
    def test_a_name_that_cannot_be(self, name, run_all, tmp_path):
        assert run_all("new-plugin", name).exit_code == 2
        assert list(tmp_path.iterdir()) == []


def test_python_m_allcore_is_the_same_program():
    result = subprocess.run(
        [sys.executable, "-m", "allcore", "nothing"], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 2
    assert "There is no command 'all nothing'." in result.stderr
