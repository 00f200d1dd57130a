"""A run's folder that somebody sent imports nothing that its reader does not trust."""

import json

import pytest

from all_agents.presets.classic import dqn
from allcore.checkpoint import save_tensors
from allcore.environments import GymEnvironment
from allcore.errors import TrustError
from allcore.experiments.saved import open_run
from allcore.experiments.spec import RunSpec
from allcore.presets import load_preset

STRANGER = """
from pathlib import Path
Path("it-ran").touch()
"""


@pytest.fixture
def folder(tmp_path):
    """A run's folder, and beside it a module that leaves a trace when it is imported."""
    (tmp_path / "stranger.py").write_text(STRANGER)
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("preset", "environment"),
    [
        ("stranger:preset", "classic:CartPole-v1"),
        ("classic.dqn", "stranger:make"),
        ("classic.dqn", "gym:stranger:Env-v0"),
    ],
)
def test_a_module_that_the_file_names_is_not_imported(preset, environment, folder, tmp_path):
    spec = RunSpec(preset=preset, environment=environment, frames=1)
    (folder / "run.json").write_text(json.dumps({"spec": spec.to_json()}))
    with pytest.raises(TrustError, match="--trust stranger"):
        open_run(folder)
    assert not (tmp_path / "it-ran").exists()


def test_a_trusted_one_is(folder, tmp_path):
    spec = RunSpec(preset="stranger:preset", environment="classic:CartPole-v1", frames=1)
    (folder / "run.json").write_text(json.dumps({"spec": spec.to_json()}))
    with pytest.raises(Exception, match="preset"):  # it has none: but it was looked at
        open_run(folder, trust=["stranger"])
    assert (tmp_path / "it-ran").exists()


@pytest.mark.parametrize("name", ["stranger:network", "allcore.imports:os.system"])
def test_a_saved_preset_names_no_function_but_a_plugin_s_own(name, folder, tmp_path):
    preset = dqn.env(GymEnvironment("CartPole-v1")).build()
    description = preset.description()
    description["hyperparameters"]["features"] = name
    save_tensors(folder / "preset.safetensors", preset.state_dict(), description)
    with pytest.raises(TrustError, match="no installed plugin owns"):
        load_preset(folder / "preset.safetensors")
    assert not (tmp_path / "it-ran").exists()


def test_a_run_is_opened_on_the_device_that_there_is(folder):
    dqn.env(GymEnvironment("CartPole-v1")).build().save(folder / "preset.safetensors")
    spec = RunSpec(preset="classic.dqn", environment="classic:CartPole-v1", frames=1, device="cuda:99")
    (folder / "run.json").write_text(json.dumps({"spec": spec.to_json()}))
    env, preset = open_run(folder)
    assert (env.device.type, preset.device.type) == ("cpu", "cpu")
    assert env.reset().observation.device.type == "cpu"
