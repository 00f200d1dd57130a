"""What every registered preset must do, whoever registered it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from allcore.environments import Environment
from allcore.environments.resolve import resolve_environment
from allcore.errors import TrustError
from allcore.experiments import ParallelEnvExperiment, SingleEnvExperiment
from allcore.plugins import Entry, registry
from allcore.presets import Preset, PresetBuilder, load_preset
from allcore.presets.hyperparameters import describe

#: Settings under which a preset learns within a few hundred steps; those that it does not have are left out.
SMALL = {"replay_start_size": 100, "replay_buffer_size": 1000, "update_frequency": 20}

ENTRIES = registry().records("presets")
every_preset = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.key for entry in ENTRIES])


def _make(entry: Entry, **more: Any) -> tuple[Environment, Preset]:
    builder: PresetBuilder = registry().load(entry)
    families = [e for e in registry().records("environments") if e.record.domain == entry.record.domain]
    env = resolve_environment(families[0].record.examples[0], domain=entry.record.domain)
    small = {name: value for name, value in SMALL.items() if hasattr(builder.values, name)}
    return env, builder.hyperparameters(**(small | more)).env(env).seed(3).build()


def _experiment(env: Environment, preset: Preset) -> Any:
    single = preset.n_envs == 1 and not preset.parallel
    return (SingleEnvExperiment if single else ParallelEnvExperiment)(preset, env, train_steps=300)


@every_preset
def test_it_is_what_its_record_says(entry: Entry) -> None:
    builder = registry().load(entry)
    assert isinstance(builder, PresetBuilder)
    assert builder.name == entry.key
    assert registry().find("agents", entry.record.agent)
    assert entry.record.default_frames > 0


@every_preset
def test_every_hyperparameter_is_documented(entry: Entry) -> None:
    for field in describe(registry().load(entry).values):
        assert field["doc"].endswith("."), field
        if field["type"] in ("number", "whole number"):
            assert field["source"], f"{field['name']} does not say where its value comes from"


@every_preset
def test_it_learns_saves_and_plays_the_same_when_loaded(entry: Entry, tmp_path: Path) -> None:
    env, preset = _make(entry)
    before = {name: value.clone() for name, value in preset.state_dict().items()}
    experiment = _experiment(env, preset)
    experiment.train(frames=300)
    assert any(not torch.equal(before[name], value) for name, value in preset.state_dict().items())
    preset.save(tmp_path / "preset.safetensors")
    loaded = load_preset(tmp_path / "preset.safetensors")
    assert loaded.name == entry.key
    assert loaded.hyperparameters == preset.hyperparameters
    mine, its = preset.test_agent(), loaded.test_agent()
    state = env.reset(seed=9)
    for _ in range(30):
        action = mine.act(state)
        assert torch.equal(torch.as_tensor(action), torch.as_tensor(its.act(state)))
        state = env.step(action)
    env.close()


@every_preset
def test_the_same_seed_gives_the_same_weights(entry: Entry) -> None:
    weights = []
    for _ in range(2):
        env, preset = _make(entry)
        _experiment(env, preset).train(frames=200)
        weights.append(preset.state_dict())
        env.close()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@every_preset
def test_a_test_agent_keeps_the_networks_of_its_moment(entry: Entry) -> None:
    greedy = {"test_exploration": 0.0} if hasattr(registry().load(entry).values, "test_exploration") else {}
    env, preset = _make(entry, **greedy)
    state = env.reset(seed=1)
    early = preset.test_agent()
    before = torch.as_tensor(early.act(state))
    with torch.no_grad():
        for parameter in preset.parameters():
            parameter.zero_()
        # The last layer's bias alone now decides, and for another action than before.
        list(preset.parameters())[-1].copy_(torch.arange(env.action_space.n) != before)
    assert torch.equal(torch.as_tensor(early.act(state)), before)
    assert not torch.equal(torch.as_tensor(preset.test_agent().act(state)), before)
    env.close()


@every_preset
def test_several_environments_learn_at_the_same_ratio(entry: Entry) -> None:
    builder = registry().load(entry)
    if not hasattr(builder.values, "n_envs"):
        pytest.skip("trains in one environment only")
    env, preset = _make(entry, n_envs=3)
    experiment = ParallelEnvExperiment(preset, env, train_steps=300)
    experiment.train(frames=150)
    assert 150 <= experiment.frame < 153
    experiment.close()
    env.close()


@pytest.mark.gpu
@every_preset
def test_it_learns_on_a_gpu_in_an_environment_on_the_cpu(entry: Entry) -> None:
    families = [e for e in registry().records("environments") if e.record.domain == entry.record.domain]
    env = resolve_environment(families[0].record.examples[0], domain=entry.record.domain)
    builder: PresetBuilder = registry().load(entry)
    small = {name: value for name, value in SMALL.items() if hasattr(builder.values, name)}
    preset = builder.hyperparameters(**small).device("cuda").env(env).seed(3).build()
    before = {name: value.clone() for name, value in preset.state_dict().items()}
    _experiment(env, preset).train(frames=300)
    assert all(value.device.type == "cuda" for value in preset.state_dict().values())
    assert any(not torch.equal(before[name], value) for name, value in preset.state_dict().items())
    assert torch.as_tensor(preset.test_agent().act(env.reset(seed=1))).device.type == "cpu"
    env.close()


@every_preset
def test_a_file_that_names_a_stranger_s_function_is_refused(entry: Entry, tmp_path: Path) -> None:
    from allcore.checkpoint import load_tensors, save_tensors

    env, preset = _make(entry)
    if not hasattr(preset.hyperparameters, "model"):
        pytest.skip("names no function")
    file = tmp_path / "preset.safetensors"
    preset.save(file)
    tensors, description = load_tensors(file)
    description["hyperparameters"]["model"] = "antigravity:fly"
    save_tensors(file, tensors, description)
    with pytest.raises(TrustError, match="antigravity:fly"):
        load_preset(file)
    import sys

    assert "antigravity" not in sys.modules
    env.close()
