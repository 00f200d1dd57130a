"""The program as a whole: help, plugins' commands, messages and exit codes."""

import sys

import click
import pytest
from click.testing import CliRunner

from allcore import __version__
from allcore.cli import main
from allcore.cli.program import OWN_COMMANDS
from allcore.errors import CheckpointError, ConflictError, PluginError, SpecError
from allcore.plugins import CommandRecord, Registry, Switches, using
from allcore.plugins.discovery import from_module

COMMANDS = {
    "fine": lambda: 5,
    "usage": SpecError("Frames are not negative.", hint="Type 1e6."),
    "broken": PluginError("The plugin is broken."),
    "conflict": ConflictError("Two plugins claim it."),
    "torn": CheckpointError("The file is torn."),
    "bug": ZeroDivisionError("division by zero"),
    "interrupted": KeyboardInterrupt(),
}

#: What `probe.py` below is made of, so that its targets can be imported.
MODULE = """
import click
from tests_cli_commands import COMMANDS

def make(name):
    @click.command(name, help="Do it.")
    @click.option("--number", type=int)
    def command(number):
        what = COMMANDS[name]
        if isinstance(what, BaseException):
            raise what
        return what()
    return command

fine, usage, broken, conflict, torn, bug, interrupted = map(make, COMMANDS)
no_command = "text"
"""


@pytest.fixture
def probe(tmp_path, monkeypatch, allcore_registry, make_plugin):
    """A plugin `probe` with a command for each way to end."""
    (tmp_path / "probe_commands.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "tests_cli_commands", sys.modules[__name__])
    monkeypatch.delitem(sys.modules, "probe_commands", raising=False)
    names = [*COMMANDS, "no_command", "nowhere"]
    records = [
        CommandRecord(name=name, target=f"probe_commands:{name}", summary=f"The {name} way.")
        for name in names
    ]
    allcore_registry({"probe": make_plugin(all_commands=records)})


@pytest.mark.parametrize("name", OWN_COMMANDS)
def test_every_command_has_help(name, run_all):
    result = run_all(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: all {name}" in result.stdout
    assert all(
        parameter.help for parameter in OWN_COMMANDS[name].params if isinstance(parameter, click.Option)
    )


def test_help_shows_every_command_once(run_all):
    lines = run_all("--help").stdout.splitlines()
    for name in OWN_COMMANDS:
        assert sum(line.startswith(f"  {name} ") for line in lines) == 1


def test_the_listed_commands_are_those_that_can_be_called(probe):
    context = click.Context(main)
    names = main.list_commands(context)
    assert "probe" in names
    assert [main.get_command(context, name).name for name in names] == names


def test_version_asks_no_plugin(run_all, monkeypatch):
    monkeypatch.setattr(
        "allcore.plugins.default.Registry", lambda **_: pytest.fail("plugins were looked for")
    )
    result = run_all("--version")
    assert (result.exit_code, result.stdout) == (0, f"allcore {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "proposal"),
    [(["lst"], "'list'"), (["list", "presets", "--jsn"], "--json"), (["--no-plugin"], "--no-plugins")],
)
def test_what_does_not_exist_is_refused_with_the_nearest(arguments, proposal, run_all):
    result = run_all(*arguments)
    assert result.exit_code == 2
    assert proposal in result.stderr
    assert "Did you mean" in result.stderr


def test_an_option_of_the_program_behind_a_command(run_all):
    result = run_all("run", "--plugin", "idea.py")
    assert result.exit_code == 2
    assert result.stderr.endswith("It goes before the command: all --plugin ...\n")


class TestCommandsOfPlugins:
    def test_help_imports_none_of_them(self, probe, run_all):
        assert "probe" in run_all("--help").stdout
        result = run_all("probe", "--help")
        assert "The usage way." in result.stdout
        assert "probe_commands" not in sys.modules

    def test_one_is_imported_when_it_is_called(self, probe, run_all):
        assert "--number" in run_all("probe", "fine", "--help").stdout
        assert "probe_commands" in sys.modules

    def test_what_one_returns_is_no_exit_code(self, probe, run_all):
        assert run_all("probe", "fine").exit_code == 0

    def test_an_unknown_one_is_refused_with_the_nearest(self, probe, run_all):
        result = run_all("probe", "fin")
        assert result.exit_code == 2
        assert "There is no command 'all probe fin'." in result.stderr
        assert "Did you mean 'fine'?" in result.stderr

    @pytest.mark.parametrize("name", ["nowhere", "no_command"])
    def test_a_broken_one_says_whose_it_is(self, name, probe, run_all):
        result = run_all("probe", name)
        assert result.exit_code == 3
        assert f"command 'probe.{name}'" in result.stderr
        assert "plugin 'probe'" in result.stderr

    def test_a_broken_plugin_is_named_when_its_commands_are_wanted(self, make_plugin, run_all):
        wreck = make_plugin(all_agents=None)
        with using(Registry([from_module("wreck", wreck)], switches=Switches(warn=False))):
            result = run_all("wreck", "go")
        assert result.exit_code == 3
        assert "command 'wreck.go' is not available" in result.stderr
        assert "all_agents returned None" in result.stderr


class TestEndings:
    @pytest.mark.parametrize(
        ("name", "code", "text"),
        [
            ("usage", 2, "Error: Frames are not negative.\nType 1e6.\n"),
            ("broken", 3, "Error: The plugin is broken.\n"),
            ("conflict", 4, "Error: Two plugins claim it.\n"),
            ("torn", 1, "Error: The file is torn.\n"),
        ],
    )
    def test_an_expected_error_is_one_message(self, name, code, text, probe, run_all):
        result = run_all("probe", name)
        assert (result.exit_code, result.stderr, result.stdout) == (code, text, "")

    def test_an_unexpected_one_is_a_bug_with_a_traceback(self, probe, run_all):
        result = run_all("probe", "bug")
        assert result.exit_code == 1
        assert "Traceback (most recent call last)" in result.stderr
        assert "not your mistake" in result.stderr.splitlines()[-2]

    def test_ctrl_c(self, probe, run_all):
        result = run_all("probe", "interrupted")
        assert result.exit_code == 130
        assert "Interrupted." in result.stderr
        assert "Traceback" not in result.stderr

    def test_a_value_of_the_wrong_type(self, probe, run_all):
        result = run_all("probe", "fine", "--number", "x")
        assert result.exit_code == 2
        assert "'x' is not a valid integer" in result.stderr


class TestSwitches:
    @pytest.fixture(autouse=True)
    def _registry(self, fresh_registry):
        pass

    def test_a_plugin_in_a_file(self, tmp_path, run_all):
        file = tmp_path / "idea.py"
        file.write_text(
            "from allcore.plugins import LoggerRecord, hookimpl\n"
            "@hookimpl\n"
            "def all_loggers():\n"
            "    yield LoggerRecord(name='diary', target='idea:Diary', summary='A diary.')\n"
        )
        assert "idea.diary" in run_all("--plugin", file, "list", "loggers").stdout

    def test_a_plugin_file_that_does_not_exist(self, run_all):
        result = run_all("--plugin", "idea.py", "list", "loggers")
        assert result.exit_code == 2
        assert "idea.py" in result.stderr

    def test_a_broken_plugin_file_is_what_was_asked_for(self, tmp_path, run_all):
        (tmp_path / "idea.py").write_text("import nothing_of_this_name")
        result = run_all("--plugin", tmp_path / "idea.py", "list", "loggers")
        assert result.exit_code == 3
        assert "nothing_of_this_name" in result.stderr

    def test_no_plugins(self, run_all):
        keys = run_all("--no-plugins", "list", "loggers", "--json").stdout
        assert '"core.csv"' in keys
        assert run_all("--no-plugins", "list", "presets").stdout == "No presets.\n"


@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM"])
def test_colours_are_left_out_where_nobody_wants_them(variable, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in CliRunner().invoke(main, ["list", "loggers"], color=True).stdout
    monkeypatch.setenv(variable, "dumb")
    assert "\x1b[" not in CliRunner().invoke(main, ["list", "loggers"], color=True).stdout
