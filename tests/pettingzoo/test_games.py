"""The games that can be asked for by name."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pettingzoo
import pytest
import torch

from all_pettingzoo.games import make
from all_pettingzoo.names import GAMES, find, names
from allcore.environments.resolve import resolve_environment
from allcore.errors import DomainError, UnknownEnvironmentError, UsageError
from allcore.testing import check_plugin

#: A game of each kind, and the module that it needs beyond those that all-pettingzoo does.
PLAYED = {
    "connect_four_v3": None,
    "tictactoe_v3": None,
    "rps_v2": None,
    "leduc_holdem_v4": "rlcard",
    "simple_spread_v3": "mpe2",
    "simple_speaker_listener_v4": "mpe2",
    "knights_archers_zombies_v11": None,
}


def _make(name: str, **options: Any) -> Any:
    if needed := PLAYED.get(name):
        pytest.importorskip(needed)
    return make(name, **options)


def test_the_plugin_holds_to_the_contract() -> None:
    check_plugin("pettingzoo", "all_pettingzoo.plugin")


def test_names_are_those_of_the_installed_pettingzoo() -> None:
    registered = {key.replace("-v", "_v") for key in pettingzoo.aec_registry}
    for part in ("butterfly", "classic", "sisl"):
        assert {f"{part}/{name}" for name in GAMES[part]} <= registered
    assert len(names()) == len(set(names()))


def test_a_name_may_leave_out_its_version() -> None:
    assert find("connect_four") == find("connect_four_v3") == ("classic", "connect_four_v3")
    assert find("texas_holdem") == ("classic", "texas_holdem_v4")
    env = resolve_environment("connect_four", domain="pettingzoo")
    assert (env.name, env.key) == ("connect_four_v3", "pettingzoo:connect_four_v3")
    env.close()


@pytest.mark.parametrize("name", PLAYED)
def test_it_speaks_states_and_begins_again(name: str) -> None:
    env = _make(name)
    state, episodes, returns = env.reset(seed=0), 0, dict.fromkeys(env.agents, 0.0)
    for tick in range(3000):
        space = env.observation_space(state.agent)
        assert space.contains(state["observation"].numpy())
        assert len(space.shape) == 1
        returns[state.agent] += state.reward
        episodes += env.done
        if episodes == 2:
            break
        action = env.action_space(state.agent)
        state = env.step(torch.tensor(tick % int(action.n)))
    assert episodes == 2
    env.close()
    env.close()


@pytest.mark.parametrize("name", ["connect_four_v3", "leduc_holdem_v4", "simple_spread_v3"])
def test_the_same_seed_gives_the_same_games(name: str) -> None:
    env = _make(name)
    other = env.duplicate()
    runs = []
    for each in (env, other, env):
        state, run = each.reset(seed=4), []
        for tick in range(60):
            run.append((state.agent, state.reward, state["observation"].tolist()))
            state = each.step(tick % 4)
        runs.append(run)
    assert runs[0] == runs[1] == runs[2]


def test_a_game_of_pixels_keeps_them() -> None:
    pytest.importorskip("pymunk")
    env = make("pistonball", n_pistons=3)
    space = env.observation_space(env.agents[0])
    assert (len(space.shape), space.dtype) == (3, np.uint8)
    assert env.reset()["observation"].dtype == torch.uint8
    env.close()


def test_pictures_are_given_where_they_were_asked_for() -> None:
    env = make("connect_four")
    env.reset()
    with pytest.raises(UsageError, match="not asked for pictures"):
        env.render()
    shown = env.renderable()
    shown.reset()
    picture = shown.render()
    assert (picture.ndim, picture.shape[-1], picture.dtype) == (3, 3, np.uint8)
    assert shown.renderable() is shown
    shown.close()


def test_what_is_not_there_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownEnvironmentError, match="connect_four_v3"):
        make("conect_four_v3")
    with pytest.raises(UsageError, match="no such option"):
        make("tictactoe", size=4)
    with pytest.raises(DomainError, match="domain"):
        resolve_environment("pettingzoo:connect_four", domain="classic")
    monkeypatch.setitem(sys.modules, "mpe2", None)
    with pytest.raises(UsageError, match=r"all-pettingzoo\[mpe\]"):
        make("simple_push")
