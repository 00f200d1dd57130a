"""Records refuse what is wrong when they are made; versions; settings."""

import json

import pytest

from allcore.errors import PluginError, UsageError
from allcore.plugins import KINDS, AgentRecord, EnvironmentRecord, PresetRecord, SettingRecord, record_as_dict
from allcore.plugins.settings import find_file, read, variable
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
        ({"type": "dict"}, "type is 'dict'"),
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
        ("list", "module load cuda\n\n  ulimit -n 4096 \n", ("module load cuda", "ulimit -n 4096")),
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


PORT = SettingRecord(name="port", summary="s", type="int", default=1)


def test_a_setting_from_a_file_gives_way_to_the_variable_and_that_to_what_is_typed(tmp_path):
    file = tmp_path / "all.toml"
    file.write_text("[robot]\nport = 2\n")
    assert read("robot.port", PORT, {}) == 1
    assert read("robot.port", PORT, {}, file) == 2
    assert read("robot.port", PORT, {"ALL_ROBOT_PORT": "3"}, file) == 3
    assert read("robot.port", PORT, {"ALL_ROBOT_PORT": "3"}, file, typed="4") == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[robot", "all.toml cannot be read"),
        ("robot = 1", r"must be a table, \[robot\]"),
        ("[robot]\nport = '2'", "port = '2' in .*all.toml does not fit: .*a whole number"),
        ("[robot]\nport = true", "a whole number"),
        ("[robot]\nprot = 2", r"\[robot\] has no setting 'prot'.\n.*port"),
    ],
)
def test_a_file_that_does_not_fit(text, message, tmp_path):
    file = tmp_path / "all.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        read("robot.port", PORT, {}, file, known=["port", "host"])


def test_what_is_typed_and_does_not_fit_is_quoted():
    with pytest.raises(
        UsageError, match="robot.port=x does not fit: the setting robot.port is a whole number"
    ):
        read("robot.port", PORT, {}, typed="x")


def test_lists_and_whole_numbers_in_a_file(tmp_path):
    file = tmp_path / "all.toml"
    file.write_text("[robot]\nlines = ['a', 'b c']\nspeed = 2\n")
    assert read("robot.lines", SettingRecord(name="lines", summary="s", type="list"), {}, file) == (
        "a",
        "b c",
    )
    speed = read("robot.speed", SettingRecord(name="speed", summary="s", type="float"), {}, file)
    assert speed == 2.0
    assert type(speed) is float


def test_the_nearest_file_counts(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_file(inner) in (None, *(folder / "all.toml" for folder in tmp_path.parents))
    (tmp_path / "all.toml").write_text("")
    assert find_file(inner) == tmp_path / "all.toml"
    (tmp_path / "a" / "all.toml").write_text("")
    assert find_file(inner) == tmp_path / "a" / "all.toml"


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
