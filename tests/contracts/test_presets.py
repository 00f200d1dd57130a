"""What every registered preset must do, whoever registered it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from allcore.checkpoint import load_state, load_tensors, save_tensors
from allcore.core import State
from allcore.environments import Environment
from allcore.errors import TrustError
from allcore.experiments import ParallelEnvExperiment, SingleEnvExperiment
from allcore.plugins import Entry, registry
from allcore.presets import Function, Preset, PresetBuilder, load_preset
from allcore.presets.hyperparameters import describe

ENTRIES = registry().records("presets")
every_preset = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.key for entry in ENTRIES])


@every_preset
def test_it_is_what_its_record_says(entry: Entry, small: Any) -> None:
    builder = registry().load(entry)
    assert isinstance(builder, PresetBuilder)
    assert builder.name == entry.key
    assert registry().find("agents", entry.record.agent)
    assert entry.record.default_frames > 0


@every_preset
def test_every_hyperparameter_is_documented(entry: Entry, small: Any) -> None:
    for field in describe(registry().load(entry).values):
        assert field["doc"].endswith("."), field
        if "number" in field["type"]:
            assert field["source"], f"{field['name']} does not say where its value comes from"


def test_everything_learns(trained: Any, small: Any) -> None:
    after = dict(trained.preset.named_parameters())
    unchanged = [name for name in after if torch.equal(after[name], trained.before[name])]
    assert after
    assert not unchanged
    assert all(parameter.isfinite().all() for parameter in after.values())


def test_an_agent_goes_on_from_a_file_bit_for_bit(trained: Any, small: Any) -> None:
    """The agent of a preset built anew is shown the states that followed, and does all that the first one did."""
    watched = trained.watched
    env, preset = small.build(trained.entry)
    agent: Any = preset.agent(train_steps=small.frames)
    agent.load_state_dict(load_state(watched.file))
    assert len(watched.states) > watched.save_at + 20
    for tick in range(watched.save_at, len(watched.states)):
        assert torch.equal(torch.as_tensor(agent.act(watched.states[tick])), watched.actions[tick])
        if tick == watched.save_at:
            assert differences(agent.state_dict(), watched.one_later) == []
    assert differences(agent.state_dict(), trained.end) == []
    assert differences(_tensors(preset), _tensors(trained.preset)) == []
    env.close()


def test_the_seed_alone_decides_whatever_test_agents_do(trained: Any, small: Any) -> None:
    """The same training once more on the same states, in the middle of which test agents are made and play."""
    watched = trained.watched
    env, preset = small.build(trained.entry)
    agent: Any = preset.agent(train_steps=small.frames)
    playing: list[Any] = []
    for tick, (state, action) in enumerate(zip(watched.states, watched.actions, strict=True)):
        assert torch.equal(torch.as_tensor(agent.act(state)), action), f"at tick {tick}"
        if tick == watched.save_at:
            playing = [preset.parallel_test_agent() if preset.n_envs > 1 else preset.test_agent()]
        for player in playing:
            player.act(state)
    assert differences(_tensors(preset), _tensors(trained.preset)) == []
    env.close()


def test_a_saved_preset_plays_the_same_when_loaded(trained: Any, small: Any, tmp_path: Path) -> None:
    preset = trained.preset
    preset.save(tmp_path / "preset.safetensors")
    loaded = load_preset(tmp_path / "preset.safetensors")
    assert loaded.name == trained.entry.key
    assert loaded.hyperparameters == preset.hyperparameters
    assert differences(loaded.state_dict(), preset.state_dict()) == []
    mine, its, together = preset.test_agent(), loaded.test_agent(), preset.parallel_test_agent()
    env = small.environment(trained.entry)
    state = env.reset(seed=9)
    for _ in range(30):
        action = torch.as_tensor(mine.act(state))
        single = isinstance(env, Environment)
        space = env.action_space if single else env.action_space(state.agent)
        assert space.contains(_as_element(action))
        assert torch.equal(action, torch.as_tensor(its.act(state)))
        if single:  # of an environment for several agents there is never more than one
            actions = torch.as_tensor(together.act(State.array([state])))  # type: ignore[arg-type]
            assert actions.shape == (1, *action.shape)
            # Sums of a batch may be added up in another order.
            assert torch.allclose(actions[0].double(), action.double(), atol=1e-4)
        state = env.step(action)
    env.close()


def test_a_test_agent_keeps_the_networks_of_its_moment(trained: Any, small: Any) -> None:
    env, preset = small.build(trained.entry)
    states = [state if not state.shape else state[0] for state in trained.watched.states[:20]]
    early, as_early = preset.test_agent(), preset.test_agent()
    actions = [torch.as_tensor(early.act(state)) for state in states]
    others = []
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):  # of two actions, other values may well prefer the same
        with torch.no_grad():
            for parameter in preset.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
        late = preset.test_agent()
        others += [torch.as_tensor(late.act(state)) for state in states]
    assert all(
        torch.equal(torch.as_tensor(as_early.act(state)), action)
        for state, action in zip(states, actions, strict=True)
    )
    assert any(not torch.equal(other, action) for other, action in zip(others, actions * 10, strict=True))
    env.close()


@every_preset
def test_another_number_of_environments_will_do(entry: Entry, small: Any) -> None:
    usual = getattr(registry().load(entry).values, "n_envs", None)
    if usual is None:
        pytest.skip("trains in one environment only")
    env, preset = small.build(entry, n_envs=3 if usual == 1 else 1)
    before = {name: value.clone() for name, value in _tensors(preset).items()}
    loop = ParallelEnvExperiment(preset, env, train_steps=90)
    loop.train(frames=90)
    assert 90 <= loop.frame < 93
    assert differences(before, _tensors(preset)) != []
    loop.close()
    env.close()


@every_preset
def test_a_vector_of_one_environment_is_the_environment_alone(entry: Entry, small: Any) -> None:
    """The same actions and the same weights, to the last bit, whichever of the two loops trains."""
    env, alone = small.build(entry)
    if not isinstance(env, Environment) or alone.n_envs > 1 or alone.parallel:
        pytest.skip("does not train in one environment alone")
    loop = SingleEnvExperiment(alone, env, train_steps=150)
    loop.train(frames=150)
    loop.close()
    env, beside = small.build(entry)
    parallel = ParallelEnvExperiment(beside, env, train_steps=150)
    parallel.train(frames=150)
    parallel.close()
    assert differences(_tensors(alone), _tensors(beside)) == []


@pytest.mark.gpu
@every_preset
def test_it_learns_on_a_gpu_in_an_environment_on_the_cpu(entry: Entry, small: Any, tmp_path: Path) -> None:
    env, preset = small.build(entry, device="cuda")
    before = {name: value.clone() for name, value in preset.state_dict().items()}
    loop = small.experiment(env, preset, small.frames)
    loop.train(frames=small.frames)
    loop.close()
    assert all(value.device.type == "cuda" for value in preset.parameters())
    assert differences(before, preset.state_dict()) != []
    assert torch.as_tensor(preset.test_agent().act(env.reset(seed=1))).device.type == "cpu"
    env.close()


def test_a_file_that_names_a_stranger_s_function_is_refused(trained: Any, small: Any, tmp_path: Path) -> None:
    values = vars(trained.preset.hyperparameters)
    named = next((name for name, value in values.items() if isinstance(value, Function)), None)
    if named is None:
        pytest.skip("names no function")
    file = tmp_path / "preset.safetensors"
    trained.preset.save(file)
    tensors, description = load_tensors(file)
    description["hyperparameters"][named] = "antigravity:fly"
    save_tensors(file, tensors, description)
    with pytest.raises(TrustError, match="antigravity:fly"):
        load_preset(file)
    assert "antigravity" not in sys.modules


def _tensors(preset: Preset) -> dict[str, torch.Tensor]:
    """Parameters and buffers, without what random streams remember: they count the copies that test agents are."""
    return dict(preset.named_parameters()) | dict(preset.named_buffers())


def _as_element(action: torch.Tensor) -> Any:
    """As Gymnasium asks whether a space contains it."""
    return action.numpy() if action.dim() else action.item()


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two nested states are not the same, to the last bit."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        same = one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)
        return [] if same else [place]
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        one, other = dict(enumerate(one)), dict(enumerate(other))
    if isinstance(one, dict) and isinstance(other, dict):
        found = [f"{place}/{key}" for key in one.keys() ^ other.keys()]
        for key in one.keys() & other.keys():
            found += differences(one[key], other[key], f"{place}/{key}")
        return found
    return [] if type(one) is type(other) and repr(one) == repr(other) else [place]
