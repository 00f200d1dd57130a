"""Records refuse what is wrong when they are made; versions; settings."""

import json

import pytest

from allcore.errors import PluginError, UsageError
from allcore.plugins import KINDS, AgentRecord, EnvironmentRecord, PresetRecord, SettingRecord, record_as_dict
from allcore.plugins.settings import read, variable
from allcore.plugins.versions import accepts

PRESET = {
    "name": "dqn",
    "target": "package.module:attribute",
    "summary": "One line.",
    "agent": "agents.dqn",
    "domain": "atari",
    "default_frames": 10_000_000,
}


def test_a_good_record_becomes_json():
    record = PresetRecord(**PRESET, tags=("off-policy", "value-based"))
    assert json.loads(json.dumps(record_as_dict(record))) == PRESET | {"tags": ["off-policy", "value-based"]}


def test_a_record_cannot_be_changed():
    with pytest.raises(AttributeError):
        PresetRecord(**PRESET).name = "other"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "DQN", "the name must be lower-case"),
        ("name", "atari.dqn", "the name must be lower-case"),
        ("name", None, "name is None, but must be of type str"),
        ("summary", " ", "the summary must be one line"),
        ("summary", "two\nlines", "the summary must be one line"),
        ("target", "package.module", "target is 'package.module', but must look like"),
        ("target", "package.module:", "must look like 'package.module:attribute'"),
        ("target", ":attribute", "must look like 'package.module:attribute'"),
        ("target", "a:b c", "must look like 'package.module:attribute'"),
        ("target", len, "must be of type str"),
        ("tags", "off-policy", "must be of type tuple"),
        ("tags", ("Off Policy",), "each tag must be"),
        ("agent", "dqn", "must be a full key such as 'agents.dqn'"),
        ("domain", "Atari 2600", "domain is 'Atari 2600'"),
        ("default_frames", 0, "must be positive"),
        ("default_frames", 1e6, "must be of type int"),
        ("default_frames", True, "must be of type int"),
    ],
)
def test_what_is_wrong_is_said(field, value, message):
    with pytest.raises(PluginError, match="^PresetRecord ") as caught:
        PresetRecord(**(PRESET | {field: value}))
    assert message in str(caught.value)


@pytest.mark.parametrize("target", ["a:b", "a.b_c.D1:E.f", "my-idea:thing", "_a:_b"])
def test_targets_that_are_fine(target):
    assert AgentRecord(name="x", summary="s", target=target).target == target


def test_the_names_of_a_family_are_a_target_too():
    with pytest.raises(PluginError, match="names is 'Pong'"):
        EnvironmentRecord(name="x", summary="s", target="a:b", names="Pong")


def test_every_kind_has_a_name_of_its_own():
    assert len({record_class.noun for record_class in KINDS.values()}) == len(KINDS) == 10


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "list"}, "type is 'list'"),
        ({"type": "int", "default": "3"}, "not of its type int"),
        ({"type": "int", "default": True}, "not of its type int"),
        ({"default": [1]}, "must be of type str | int"),
    ],
)
def test_settings_that_are_refused(fields, message):
    with pytest.raises(PluginError) as caught:
        SettingRecord(name="x", summary="s", **fields)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("str", "gpu", "gpu"),
        ("int", " 4 ", 4),
        ("float", "1e-3", 1e-3),
        ("bool", "No", False),
        ("bool", "1", True),
    ],
)
def test_a_setting_is_read_as_its_type(type_, text, value):
    record = SettingRecord(name="x", summary="s", type=type_)
    assert read("slurm.x", record, {"ALL_SLURM_X": text}) == value
    assert read("slurm.x", record, {}) is None


@pytest.mark.parametrize(("type_", "text"), [("int", "1.5"), ("float", "much"), ("bool", "maybe")])
def test_a_setting_of_the_wrong_type_names_its_variable(type_, text):
    with pytest.raises(UsageError, match="ALL_SLURM_X"):
        read("slurm.x", SettingRecord(name="x", summary="s", type=type_), {"ALL_SLURM_X": text})


def test_the_variable_of_a_setting():
    assert variable("my-robot.time-limit") == "ALL_MY_ROBOT_TIME_LIMIT"


@pytest.mark.parametrize(
    ("specifier", "version", "fits"),
    [
        (">=1,<2", "1.0", True),
        (">=1,<2", "1.7", True),
        (">=1,<2", "2.0", False),
        (" >= 1.2 , < 2 ", "1.1", False),
        (">=1.9", "1.10", True),
        ("==1", "1.0", True),
        ("==1", "1.1", False),
        ("!=1.1,>1,<=1.2", "1.2", True),
        ("!=1.1", "1.1", False),
    ],
)
def test_versions(specifier, version, fits):
    assert accepts(specifier, version) is fits


@pytest.mark.parametrize("specifier", ["", "1", ">=1,", "~=1.0", ">=one", ">=1.0.0"])
def test_a_bad_specifier_is_refused_and_not_passed_over(specifier):
    with pytest.raises(ValueError, match="versions such as"):
        accepts(specifier, "1.0")
