"""Independent agents: each learns exactly what it would learn alone, whichever presets the players have."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from all_agents.agents import DQN, IndependentMultiagent
from all_agents.compositions.independent import (
    IndependentHyperparameters,
    IndependentPreset,
    joined,
    needs_players,
)
from allcore.agents import Agent
from allcore.approximation import QNetwork
from allcore.bodies import AsArray
from allcore.checkpoint import load_state, save_state
from allcore.core import State
from allcore.environments import GymEnvironment
from allcore.errors import DomainError, HyperparameterError, UnknownKeyError
from allcore.experiments import MultiagentEnvExperiment
from allcore.memory import ExperienceReplayBuffer
from allcore.policies import GreedyPolicy
from allcore.presets import PresetBuilder, load_preset, values
from allcore.seeding import Seeds
from allcore.testing import ActionDependent, Probe, Staggered, TakingTurns, TruncatedForever, play


def _box() -> Probe:
    return ActionDependent("box")


def _long() -> Probe:
    return TruncatedForever(length=5)


def _dqn(seed: int) -> DQN:
    torch.manual_seed(seed)
    model = nn.Linear(3, 2)
    q = QNetwork(model, torch.optim.SGD(model.parameters(), lr=0.1))
    policy = GreedyPolicy(q, 2, epsilon=0.5, generator=Seeds(seed).generator("policy"))
    replay = ExperienceReplayBuffer(50, generator=Seeds(seed).generator("replay"))
    return DQN(q, policy, replay, discount_factor=0.9, minibatch_size=4, replay_start_size=5)


class Counting(Agent):
    """Counts how often it acts, and keeps the kinds and entries of states."""

    def __init__(self, agent: Agent) -> None:
        self.agent, self.acts, self.seen = agent, 0, set()

    def act(self, state: State) -> Any:
        self.acts += 1
        self.seen.add((type(state), tuple(state.keys())))
        return self.agent.act(state)


def _act(agent: IndependentMultiagent, env: TakingTurns, ticks: int) -> list[Any]:
    actions = []
    for _ in range(ticks):
        actions.append(agent.act(env.state))
        env.step(actions[-1])
    return actions


# ---- the agent


def test_each_learns_exactly_as_it_would_alone() -> None:
    """Bit for bit: one player's episodes are cut off while the other's go on, and it waits for it."""
    env = TakingTurns({"a": Staggered, "b": _long})
    players = {"a": Counting(_dqn(1)), "b": Counting(_dqn(2))}
    env.reset(5)
    multiagent = IndependentMultiagent(players)
    _act(multiagent, env, 300)
    assert players["a"].acts != players["b"].acts
    for index, (player, kind) in enumerate((("a", Staggered), ("b", _long))):
        alone = play(_dqn(index + 1), kind(), players[player].acts, seed=Seeds(5).integer("player", index))
        mine: DQN = players[player].agent
        assert mine.q.updates == alone.q.updates > 50
        for one, other in zip(mine.q.model.parameters(), alone.q.model.parameters(), strict=True):
            assert torch.equal(one, other)
        ((kind_seen, keys),) = players[player].seen
        assert kind_seen is State
        assert "agent" not in keys


def test_steps_are_those_that_were_taken() -> None:
    env = TakingTurns({"a": Staggered, "b": TruncatedForever})
    env.reset(0)
    multiagent, taken = IndependentMultiagent({"a": _dqn(1), "b": _dqn(2)}), 0
    for _ in range(50):
        taken += not env.state.done
        _act(multiagent, env, 1)
    assert multiagent.steps == taken < 50


def test_a_resumed_multiagent_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    env = TakingTurns({"a": Staggered, "b": TruncatedForever})
    env.reset(0)
    multiagent = IndependentMultiagent({"a": _dqn(1), "b": _dqn(2)})
    _act(multiagent, env, 33)
    save_state(tmp_path / "agent", multiagent.state_dict())
    other, other_env = IndependentMultiagent({"a": _dqn(3), "b": _dqn(4)}), copy.deepcopy(env)
    other.load_state_dict(load_state(tmp_path / "agent"))
    mine, its = _act(multiagent, env, 60), _act(other, other_env, 60)
    assert [int(action) for action in mine] == [int(action) for action in its]
    assert multiagent.steps == other.steps
    for player in ("a", "b"):
        one, two = (agent.agents[player].q.model.model.weight for agent in (multiagent, other))
        assert torch.equal(one, two)


# ---- the composition

BUILDER = PresetBuilder(
    "test.independent",
    values(
        IndependentHyperparameters,
        agent=("classic.dqn", "ours"),
        players=((), "ours"),
        settings=((), "ours"),
    ),
    IndependentPreset,
    needs_players,
)
SMALL = "replay_start_size=10,hidden=8,8"


def _preset(env: TakingTurns | None = None, **changes: Any) -> IndependentPreset:
    env = env or TakingTurns({"a": Staggered, "b": TruncatedForever})
    return BUILDER.hyperparameters(**changes).env(env).seed(0).build()


def test_every_player_gets_the_preset_with_seeds_of_its_own() -> None:
    preset = _preset(settings=SMALL)
    assert preset.players == ("a", "b")
    one, other = preset.presets
    assert (one.name, other.name) == ("classic.dqn", "classic.dqn")
    assert one.hyperparameters == other.hyperparameters
    assert one.hyperparameters.hidden == (8, 8)
    assert not all(torch.equal(x, y) for x, y in zip(one.parameters(), other.parameters(), strict=True))
    again = _preset(settings=SMALL)
    assert all(torch.equal(x, y) for x, y in zip(preset.parameters(), again.parameters(), strict=True))


def test_players_can_have_different_presets_and_settings() -> None:
    preset = _preset(
        TakingTurns({"a": Staggered, "b": _box, "c": Staggered}),
        players="b=continuous.sac,c=classic.ppo",
        settings="lr=0.5,c.lr=0.25",
    )
    assert [each.name for each in preset.presets] == ["classic.dqn", "continuous.sac", "classic.ppo"]
    assert [each.hyperparameters.lr for each in preset.presets] == [0.5, 0.5, 0.25]
    assert preset.presets[2].n_envs == 1


@pytest.mark.parametrize("key", ["classic.vqn", "classic.ppo", "classic.c51"])
def test_all_kinds_of_single_agents_learn_side_by_side(key: str) -> None:
    env = TakingTurns({"a": Staggered, "b": TruncatedForever})
    n_steps = ",n_steps=4,n_minibatches=1" if key == "classic.ppo" else ""
    small = "hidden=8,8" + n_steps + (",replay_start_size=10" if key == "classic.c51" else "")
    preset = _preset(env, agent=key, settings=small)
    before = [parameter.clone() for parameter in preset.parameters()]
    experiment = MultiagentEnvExperiment(preset, env, train_steps=200)
    experiment.train(frames=200)
    assert isinstance(experiment._agent.agents["a"], AsArray) == preset.presets[0].parallel
    changed = [not torch.equal(x, y) for x, y in zip(before, preset.parameters(), strict=True)]
    assert all(changed)


def test_each_player_is_trained_for_its_share_of_the_steps() -> None:
    preset = _preset(settings=f"{SMALL},final_lr_factor=0.0,update_frequency=1")
    agent = preset.agent(train_steps=110)  # 55 each
    q = agent.agents["a"].q
    assert q._schedule(22) == pytest.approx(1 - 22 / 55)


def test_what_was_saved_plays_the_same(tmp_path: Path) -> None:
    env = TakingTurns({"a": Staggered, "b": _box})
    preset = _preset(env, players="b=continuous.sac", settings="hidden=8,8")
    preset.save(tmp_path / "preset")
    loaded = load_preset(tmp_path / "preset", builder=BUILDER)
    assert loaded.hyperparameters == preset.hyperparameters
    mine, its = preset.test_agent(), loaded.test_agent()
    env.reset(0)
    for _ in range(20):
        action = mine.act(env.state)
        assert torch.equal(action, its.act(env.state))
        env.step(action)


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"agent": "classic.dqm"}, UnknownKeyError, "classic.dqm"),
        ({"players": "c=classic.ppo"}, HyperparameterError, "no player 'c'"),
        ({"players": "classic.ppo"}, HyperparameterError, "players takes name=value"),
        ({"settings": "c.lr=1"}, HyperparameterError, "no player 'c'"),
        ({"settings": "learning_rate=1"}, HyperparameterError, "no hyperparameter 'learning_rate'"),
        ({"settings": "lr=high"}, HyperparameterError, "lr takes a number"),
        ({"settings": "lr"}, HyperparameterError, "settings takes name=value"),
        ({"settings": "n_envs=4"}, HyperparameterError, "players take turns"),
        ({"settings": "features=antigravity:fly"}, HyperparameterError, "names a function"),
        ({"agent": "continuous.sac"}, DomainError, "continuous.sac cannot play"),
        ({"agent": "atari.dqn"}, DomainError, "atari.dqn cannot play"),
    ],
)
def test_mistakes_are_explained(changes: dict[str, str], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        _preset(**changes)


def test_an_environment_for_one_is_refused() -> None:
    with pytest.raises(DomainError, match="for a single agent"):
        BUILDER.env(GymEnvironment("CartPole-v1")).build()


def test_a_comma_in_a_value_tears_nothing_apart() -> None:
    assert joined(("lr=1", "hidden=64", "64", "b.hidden=8", "8")) == ["lr=1", "hidden=64,64", "b.hidden=8,8"]
