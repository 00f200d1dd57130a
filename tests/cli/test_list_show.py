"""`all list` and `all show`: what there is, as a table and as JSON."""

import json
import sys

import pytest

from allcore.plugins import (
    AgentRecord,
    CommandRecord,
    EnvironmentRecord,
    ExecutorRecord,
    PresetRecord,
    SettingRecord,
    WrapperRecord,
)

MODULE = '''
from dataclasses import dataclass

from allcore.presets import PresetBuilder, hyperparameter


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    speed: float = hyperparameter(0.5, "How fast.", unit="metres per second", source="Asimov 1950")
    hidden: tuple[int, ...] = hyperparameter((8, 8), "Widths.")


class Walker:
    """Walks about.

    In two lines.
    """


def make(name, *, device="cpu", seed=None, hills=3):
    """Make a place."""


def names():
    return ["Valley", "Plain"]


walk = PresetBuilder("robot.walk", Hyperparameters(), None, None)
'''


@pytest.fixture
def robot(tmp_path, monkeypatch, allcore_registry, make_plugin):
    """A plugin with something of every kind, beside the core's."""
    (tmp_path / "robot_parts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "robot_parts", raising=False)
    plugin = make_plugin(
        all_agents=[
            AgentRecord(name="walker", target="robot_parts:Walker", summary="Walks.", tags=("legs",)),
            AgentRecord(name="idler", target="robot_parts:Walker", summary="Stands."),
        ],
        all_presets=[
            PresetRecord(
                name="walk",
                target="robot_parts:walk",
                summary="Walk on.",
                agent="robot.walker",
                domain="robot",
                default_frames=25_000,
            )
        ],
        all_environments=[
            EnvironmentRecord(
                name="places",
                target="robot_parts:make",
                names="robot_parts:names",
                summary="Places.",
                domain="robot",
                examples=("Valley",),
            )
        ],
        all_wrappers=[
            WrapperRecord(name="lamp", target="robot_parts:make", summary="Bright."),
            WrapperRecord(name="snow", target="robot_parts:make", summary="Cold.", domain="arctic"),
        ],
        all_executors=[ExecutorRecord(name="queue", target="robot_parts:Walker", summary="Waits.")],
        all_commands=[CommandRecord(name="queue", target="robot_parts:names", summary="Looks.")],
        all_settings=[SettingRecord(name="legs", summary="How many.", type="int", default=2)],
    )
    allcore_registry({"robot": plugin})


class TestList:
    def test_presets(self, robot, run_all):
        assert run_all("list", "presets").stdout.splitlines() == [
            "KEY         AGENT         DOMAIN  FRAMES  SUMMARY",
            "robot.walk  robot.walker  robot   25,000  Walk on.",
        ]

    def test_nothing_is_imported(self, robot, run_all):
        for kind in ("presets", "environments", "agents", "bodies"):
            assert run_all("list", kind).exit_code == 0
        assert "robot_parts" not in sys.modules

    def test_json_has_all_fields(self, robot, run_all):
        assert json.loads(run_all("list", "presets", "--json").stdout) == [
            {
                "kind": "presets",
                "key": "robot.walk",
                "plugin": "robot",
                "name": "walk",
                "target": "robot_parts:walk",
                "summary": "Walk on.",
                "tags": [],
                "agent": "robot.walker",
                "domain": "robot",
                "default_frames": 25_000,
            }
        ]

    def test_a_family_of_any_domain_says_so(self, robot, run_all):
        lines = run_all("list", "environments").stdout.splitlines()
        assert any(line.split()[:2] == ["core.gym", "any"] for line in lines)
        assert any(line.split()[:3] == ["robot.places", "robot", "Valley"] for line in lines)

    def test_the_names_of_a_family(self, robot, run_all):
        assert run_all("list", "environments", "--family", "places").stdout == "Plain\nValley\n"
        answer = run_all("list", "environments", "--family", "robot.places", "--json").stdout
        assert json.loads(answer) == ["Plain", "Valley"]

    @pytest.mark.parametrize(
        ("kind", "keys"),
        [
            ("presets", ["robot.walk"]),
            # The one that a preset of the domain uses.
            ("agents", ["robot.walker"]),
            # What is for any domain is for this one, too.
            ("environments", ["core.gym", "robot.places"]),
            ("wrappers", ["robot.lamp"]),
        ],
    )
    def test_what_is_for_a_domain(self, kind, keys, robot, run_all):
        found = json.loads(run_all("list", kind, "--domain", "robot", "--json").stdout)
        assert [entry["key"] for entry in found] == keys

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (["presets", "--domain", "robt"], "Did you mean 'robot'?"),
            (["presets", "--domain", "xyz"], "These are known: robot."),
            (["loggers", "--domain", "robot"], "--domain does not apply to loggers"),
            (["presets", "--family", "places"], "--family is about environments"),
            (["environments", "--family", "plces"], "Did you mean 'robot.places'?"),
            (["nothing"], "'nothing' is not one of"),
        ],
    )
    def test_what_cannot_be_listed(self, arguments, text, robot, run_all):
        result = run_all("list", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert text in result.stderr


class TestShow:
    def test_a_preset_with_its_hyperparameters(self, robot, run_all):
        lines = run_all("show", "robot.walk").stdout.splitlines()
        assert lines[0] == "robot.walk (preset): Walk on."
        assert "  frames  25,000 agent steps, unless --frames says otherwise" in lines
        assert "  from    a module in memory, robot_parts:walk" in lines
        speed = next(line for line in lines if line.startswith("speed"))
        for part in ("0.5", "number", "metres per second", "How fast. [Asimov 1950]"):
            assert part in speed

    def test_the_bare_name_is_enough(self, robot, run_all):
        assert run_all("show", "walk").stdout == run_all("show", "robot.walk").stdout

    def test_json(self, robot, run_all):
        shown = json.loads(run_all("show", "robot.walk", "--json").stdout)
        assert shown["key"] == "robot.walk"
        assert shown["hyperparameters"][1] == {
            "name": "hidden",
            "value": [8, 8],
            "type": "list of whole number",
            "unit": "",
            "doc": "Widths.",
            "source": "",
        }

    def test_an_agent_with_its_documentation_and_presets(self, robot, run_all):
        text = run_all("show", "robot.walker").stdout
        assert "presets  robot.walk" in text
        assert text.endswith("\nWalks about.\n\nIn two lines.\n")

    def test_a_family_with_its_names_and_options(self, robot, run_all):
        text = run_all("show", "places").stdout
        assert "names     Plain, Valley" in text
        assert "--env-set" in text
        assert "  hills  3" in text
        assert "device" not in text

    def test_a_setting_with_its_present_value(self, robot, run_all, monkeypatch):
        monkeypatch.setenv("ALL_ROBOT_LEGS", "4")
        text = run_all("show", "robot.legs").stdout
        assert "ALL_ROBOT_LEGS" in text
        assert "  value     4" in text

    def test_everything_of_one_key(self, robot, run_all):
        text = run_all("show", "robot.queue").stdout
        assert "robot.queue (executor)" in text
        assert "robot.queue (command)" in text
        assert len(json.loads(run_all("show", "robot.queue", "--json").stdout)) == 2

    def test_an_unknown_key(self, robot, run_all):
        result = run_all("show", "robot.wolk")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Did you mean 'robot.walk'" in result.stderr
