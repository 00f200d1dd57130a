"""Nothing that we load can run code: no package can unpickle or evaluate, and no file makes us import what it names."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from all_agents.presets.classic import dqn
from allcore.checkpoint import load_state, load_tensors, save_state, save_tensors
from allcore.cli import main
from allcore.environments import GymEnvironment
from allcore.experiments import RunSpec
from allcore.experiments.run_folder import RunFolder
from allcore.presets import load_preset

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in (
        "allcore",
        "examples",
        "benchmarks",
        *(str(p.relative_to(ROOT)) for p in ROOT.glob("plugins/*/all_*")),
    )
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]

# ---- what no source says

#: Modules that turn bytes into code or into objects of any class.
MODULES = {
    "pickle", "_pickle", "cPickle", "pickle5", "dill", "cloudpickle", "joblib", "jsonpickle", "marshal", "shelve", "copyreg",
    "yaml", "ruamel", "runpy", "torch.package", "torch.hub", "torch.jit",
}  # fmt: skip

#: Functions that do. NumPy's `save` and `load` pickle arrays of objects.
FUNCTIONS = {
    "eval", "exec", "compile", "__import__", "torch.save", "torch.load", "torch.serialization.load", "numpy.load", "numpy.save",
    "numpy.savez", "numpy.savez_compressed", "pandas.read_pickle",
}  # fmt: skip

#: Arguments that have to do with it.
ARGUMENTS = {"allow_pickle", "pickle_module", "weights_only"}

#: The only files that import what they are told to: lazily their own names, what plugins register, `--plugin FILE.py`, a user's own
#: name (`allcore.imports`, which `Function` and environments call after `allcore.experiments.trust` was asked), and fixed packages.
IMPORTERS = {
    "allcore/_lazy.py",
    "allcore/imports.py",
    "allcore/plugins/discovery.py",
    "allcore/plugins/targets.py",
    "allcore/testing/contracts.py",
    "plugins/all-agents/all_agents/presets/gym_family.py",
    "plugins/all-pettingzoo/all_pettingzoo/games.py",
}


def _names(tree: ast.AST) -> Iterator[str]:
    """Every name in the source by its full path, such as `torch.load`, whatever it was imported as."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                yield alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)):
            path = ast.unparse(node)
            first, dot, rest = path.partition(".")
            yield known.get(first, first) + dot + rest


def forbidden(source: str) -> set[str]:
    """What in a source can run code from a file."""
    tree = ast.parse(source)
    found = set()
    for name in _names(tree):
        parts = name.split(".")
        beginnings = {".".join(parts[: end + 1]) for end in range(len(parts))}
        if name in FUNCTIONS or beginnings & MODULES:
            found.add(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ARGUMENTS:
            found.add(f"{node.arg}=")
    return found


def test_no_package_can_unpickle_or_evaluate():
    assert len(SOURCES) > 200
    found = {str(path.relative_to(ROOT)): bad for path in SOURCES if (bad := forbidden(path.read_text()))}
    assert found == {}


def test_only_these_import_what_they_are_told_to():
    wanted = ("importlib.import_module", "importlib.util.spec_from_file_location")
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.is_relative_to(ROOT / "allcore") or path.is_relative_to(ROOT / "plugins")
        if any(name in wanted for name in _names(ast.parse(path.read_text())))
    }
    assert found == IMPORTERS


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import dill as json",
        "def f():\n    import shelve",
        "import torch\ntorch.load(file)",
        "import torch as t\nread = t.load",
        "from torch import load as read",
        "from torch.serialization import load",
        "import torch\ntorch.hub.load('a', 'b')",
        "from torch.jit import load",
        "import numpy as np\nnp.load(file)",
        "f(file, allow_pickle=True)",
        "eval('1')",
        "map(exec, lines)",
        "import yaml\nyaml.load(file)",
        "import marshal",
    ],
)
def test_the_search_finds_it(source):
    assert forbidden(source)


@pytest.mark.parametrize(
    "source", ["model.eval()", "import re\nre.compile('a')", "import json\njson.load(file)"]
)
def test_the_search_finds_nothing_else(source):
    assert not forbidden(source)


# ---- what no file does


@pytest.fixture(autouse=True)
def _trap(tmp_path):
    """A module in the working folder, where one of a user's own would be found. Importing it leaves a trace."""
    (tmp_path / "stranger.py").write_text("from pathlib import Path\nPath('it-ran').touch()\n")
    yield
    assert "stranger" not in sys.modules
    assert not (tmp_path / "it-ran").exists()


SPEC = RunSpec(
    preset="classic.dqn", environment="classic:CartPole-v1", frames=50, hyperparameters={"hidden": [4]}
)


@pytest.fixture
def run(tmp_path):
    """A run's folder with everything but a checkpoint."""
    folder = RunFolder.of(tmp_path / "runs", "classic.dqn", "CartPole-v1", SPEC.run_name)
    with folder:
        record = {
            "preset": "classic.dqn",
            "env": "CartPole-v1",
            "seed": 0,
            "frames": 50,
            "spec": SPEC.to_json(),
        }
        folder.write_run(record)
    dqn.hyperparameters(hidden=(4,)).env(GymEnvironment("CartPole-v1")).seed(0).build().save(
        folder.preset_file
    )
    return folder


def refused(*arguments: Any) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code in (1, 2), result.output
    assert "Traceback" not in result.output
    return result.stderr


CHANGES = [
    {"preset": "stranger:preset"},
    {"environment": "stranger:make"},
    {"environment": "gym:stranger:Env-v0"},
    {"hyperparameters": {"features": "stranger:network"}},
    {"environment_options": {"env_id": "stranger:Env-v0"}},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
class TestAStrangerIn:
    def test_a_specification(self, change, tmp_path):
        file = tmp_path / "spec.json"
        file.write_text(json.dumps({**SPEC.to_json(), **change}))
        assert "--trust stranger" in refused("run", "--spec", file)
        assert not (tmp_path / "runs").exists()

    @pytest.mark.parametrize("command", ["resume", "evaluate", "watch"])
    def test_run_json(self, command, change, run):
        record = run.read_run()
        run.write_run({**record, "spec": {**record["spec"], **change}})
        before = {path.name: path.read_bytes() for path in run.path.iterdir()}
        assert "--trust stranger" in refused(command, run.path)
        assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before


@pytest.mark.parametrize("command", ["resume", "evaluate", "watch"])
def test_a_plugin_file_that_run_json_names(command, run, tmp_path):
    record = run.read_run()
    record["spec"]["plugin_files"] = [str(tmp_path / "stranger.py")]
    run.write_run(record)
    if command == "resume":  # the others load no plugin for it
        assert f"--plugin {tmp_path / 'stranger.py'}" in refused(command, run.path)
    else:
        CliRunner().invoke(main, [command, str(run.path), "--episodes", "1"])


def test_a_stranger_anywhere_in_a_saved_preset(run):
    tensors, metadata = load_tensors(run.preset_file)
    messages = []
    for changed in _planted(metadata):
        save_tensors(run.preset_file, tensors, changed)
        messages.append(CliRunner().invoke(main, ["evaluate", str(run.path), "--episodes", "1"]).output)
    assert len(messages) > 6
    assert any(
        "--trust stranger" in message for message in messages
    )  # the hyperparameter that names a function
    assert not any("Traceback" in message for message in messages)


def test_a_stranger_anywhere_in_a_checkpoint(run, tmp_path):
    """Texts stand for places, kinds and names there; whichever becomes the name of a function, it is not looked for."""
    spec = {
        "frames": 40,
        "hyperparameters": {"hidden": [4], "replay_start_size": 20},
        "checkpoint_frames": 30,
    }
    file = tmp_path / "spec.json"
    file.write_text(json.dumps({**SPEC.to_json(), **spec, "test_episodes": 0}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allcore.experiments.checkpoints.Checkpoints.clear", lambda self: None)
        assert CliRunner().invoke(main, ["run", "--spec", str(file), "--logdir", "other"]).exit_code == 0
    (folder,) = Path("other").glob("*/*/*")
    (newest,) = (folder / "checkpoints").glob("0*.safetensors")
    (folder / "status.json").unlink()
    shutil.copytree(folder, "whole")
    state = load_state(newest)
    planted = list(_planted(state))
    assert len(planted) > 10
    for changed in planted:
        save_state(newest, changed)
        CliRunner().invoke(main, ["resume", str(folder), "--quiet"])
        shutil.rmtree(folder)
        shutil.copytree("whole", folder)


def _planted(value: Any) -> Iterator[Any]:
    """The same content as often as it has texts, each time with the stranger's function in another one's place."""
    if isinstance(value, str):
        yield "stranger:make"
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from ({**value, key: changed} for changed in _planted(part))
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            yield from (
                type(value)([*value[:index], changed, *value[index + 1 :]]) for changed in _planted(part)
            )


# ---- what else a file cannot do


def test_a_saved_preset_asks_for_no_more_memory_than_it_has_networks(run):
    tensors, metadata = load_tensors(run.preset_file)
    for hidden in ([100_000, 100_000], [2**40], [10**30], [4] * 3):
        metadata["hyperparameters"]["hidden"] = hidden
        save_tensors(run.preset_file, tensors, metadata)
        message = refused("evaluate", run.path)
        assert str(run.preset_file) in message
        assert ("need more than" in message) is (hidden[0] != 4)


@pytest.mark.parametrize("option", ["self", "name", "environment", "device", "key", "make"])
@pytest.mark.parametrize("environment", ["gym:CartPole-v1", "CartPole-v1"])
def test_options_do_not_say_what_the_program_says(option, environment):
    """With `key` a specification gave itself the name of another environment, which was imported by it next time."""
    command = [
        "run",
        "--preset",
        "classic.dqn",
        "--env",
        environment,
        "--env-set",
        f"{option}=x",
        "--dry-run",
    ]
    assert f"has no option '{option}'" in refused(*command)


def test_a_hyperparameter_called_self(tmp_path):
    (tmp_path / "spec.json").write_text(json.dumps({**SPEC.to_json(), "hyperparameters": {"self": 1}}))
    assert "has no hyperparameter 'self'" in refused("run", "--spec", "spec.json")


def test_a_network_of_the_user_s_that_does_not_fit_is_one_message():
    message = refused(
        "run", "--preset", "classic.dqn", "--env", "CartPole-v1", "--set", "hidden=10000000,10000000"
    )
    assert "the networks of classic.dqn need more than" in message
    assert not Path("runs").exists()


@pytest.mark.parametrize("other", ["classic.ddqn", "classic.dqm"])
def test_a_saved_preset_of_another_one(other, run):
    tensors, metadata = load_tensors(run.preset_file)
    save_tensors(run.preset_file, tensors, {**metadata, "preset": other})
    assert f"was saved by '{other}', not by 'classic.dqn'" in refused("evaluate", run.path)


def test_a_saved_preset_of_another_environment(run):
    dqn.hyperparameters(hidden=(4,)).env(GymEnvironment("Acrobot-v1")).seed(0).build().save(run.preset_file)
    assert "was saved in gym:Acrobot-v1" in refused("evaluate", run.path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1),
        ("seed", True),
        ("preset", 3),
        ("hyperparameters", []),
        ("observation_space", None),
        ("environment", {}),
    ],
)
def test_a_saved_preset_with_a_value_of_another_type(name, value, run):
    tensors, metadata = load_tensors(run.preset_file)
    save_tensors(run.preset_file, tensors, {**metadata, name: value})
    assert f"damaged: its {name} cannot be" in refused("evaluate", run.path)


def test_weights_of_another_type_or_shape(run):
    tensors, metadata = load_tensors(run.preset_file)
    name = next(iter(tensors))
    for other in (tensors[name].double(), tensors[name][:1], torch.zeros(0)):
        save_tensors(run.preset_file, {**tensors, name: other}, metadata)
        assert name in refused("evaluate", run.path)
    save_tensors(run.preset_file, tensors, metadata)
    assert load_preset(run.preset_file).name == "classic.dqn"


@pytest.mark.parametrize("command", ["resume", "evaluate", "watch"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "damaged"),
        ("[" * 100_000, "damaged"),
        ('{"preset": "\\ud800", "env": "e", "seed": 0, "frames": 1}', "damaged"),
        ('{"schema": 9}', "later version of allcore (schema 9"),
        ('{"schema": "x"}', "no version"),
    ],
)
def test_a_damaged_run_json_is_named(command, content, said, run):
    run.run_file.write_text(content)
    message = refused(command, run.path)
    assert said in message
    assert str(run.run_file) in message
