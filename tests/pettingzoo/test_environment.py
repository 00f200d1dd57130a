"""PettingZoo's games as a MultiagentEnvironment: what each player is shown, and what becomes of illegal actions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete
from hypothesis import given, settings
from pettingzoo import AECEnv
from pettingzoo.utils.agent_selector import AgentSelector

from all_pettingzoo import PettingZooEnvironment
from allcore.core import MultiagentState
from allcore.errors import UsageError

# ---- a game that is written down beforehand


@dataclass(frozen=True)
class Turn:
    """What one action brings: a reward for each player, and who is out of the game after it."""

    rewards: tuple[float, ...]
    terminated: frozenset[int] = frozenset()
    truncated: frozenset[int] = frozenset()


class Scripted(AECEnv):
    """Plays the given episodes in order, round and round, as PettingZoo's documentation tells one to write a game."""

    metadata: dict[str, Any] = {"name": "scripted_v0"}  # noqa: RUF012
    render_mode = None

    def __init__(self, players: int, episodes: list[list[Turn]]) -> None:
        self.possible_agents = [f"player_{index}" for index in range(players)]
        self.episodes = episodes
        self.episode = -1
        self.actions: list[tuple[str, Any]] = []

    def observation_space(self, agent: str) -> Box:
        return Box(-np.inf, np.inf, (3,), np.float32)

    def action_space(self, agent: str) -> Discrete:
        return Discrete(5)

    def observe(self, agent: str) -> np.ndarray:
        return np.array([self.possible_agents.index(agent), self.episode, self.time], dtype=np.float32)

    def reset(self, seed: int | None = None, options: Any = None) -> None:
        self.episode += 1
        self.time = 0
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, Any] = {agent: {} for agent in self.agents}
        self._selector = AgentSelector(self.agents)
        self.agent_selection = self._selector.next()

    def step(self, action: Any) -> None:
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self.actions.append((agent, action))
        self._cumulative_rewards[agent] = 0.0
        turn = self.episodes[self.episode % len(self.episodes)][self.time]
        self.time += 1
        for index, name in enumerate(self.possible_agents):
            if name in self.agents:
                self.rewards[name] = turn.rewards[index]
                self.terminations[name] = index in turn.terminated
                self.truncations[name] = index in turn.truncated
        alive = [
            name for name in self.agents if not (self.terminations[name] or self.truncations[name])
        ] or self.agents
        order = self.possible_agents[self.possible_agents.index(agent) + 1 :] + self.possible_agents
        self.agent_selection = next(name for name in order if name in alive)
        self._accumulate_rewards()
        self._deads_step_first()


@st.composite
def games(draw: st.DrawFn) -> tuple[int, list[list[Turn]]]:
    """Games of one to three players, who leave in any order and for any reason, several at once among them."""
    players = draw(st.integers(1, 3))
    rewards = st.tuples(*[st.integers(-3, 3).map(float)] * players)
    episodes = []
    for _ in range(draw(st.integers(1, 2))):
        inside, turns = set(range(players)), []
        while inside:
            last = len(turns) == 6
            leaving = inside if last else draw(st.sets(st.sampled_from(sorted(inside))))
            if not last and draw(st.booleans()):
                leaving = set()
            cut = draw(st.sets(st.sampled_from(sorted(leaving)))) if leaving else set()
            turns.append(Turn(draw(rewards), frozenset(leaving - cut), frozenset(cut)))
            inside -= leaving
        episodes.append(turns)
    return players, episodes


def naive_streams(game: AECEnv, episodes: int, act: Any) -> dict[str, list[tuple[Any, ...]]]:
    """What each player is shown, by the loop of PettingZoo's documentation."""
    streams: dict[str, list[tuple[Any, ...]]] = {agent: [] for agent in game.possible_agents}
    for _ in range(episodes):
        game.reset()
        for agent in game.agent_iter():
            observation, reward, terminated, truncated, _ = game.last()
            streams[agent].append((*observation.tolist(), reward, terminated, truncated))
            game.step(None if terminated or truncated else act(agent))
    return streams


@settings(deadline=None)
@given(games())
def test_each_player_is_shown_what_the_loop_of_pettingzoo_shows_it(
    drawn: tuple[int, list[list[Turn]]],
) -> None:
    players, episodes = drawn
    naive, mine = Scripted(players, episodes), Scripted(players, episodes)
    expected = naive_streams(naive, 3, lambda agent: int(agent[-1]) + 1)
    env = PettingZooEnvironment(mine)
    state, ended = env.reset(), 0
    streams: dict[str, list[tuple[Any, ...]]] = {agent: [] for agent in env.agents}
    while True:
        # A truncated end is one that can be bootstrapped from.
        terminated, truncated = state.done and state.mask == 0.0, state.done and state.mask == 1.0
        assert state.done or state.mask == 1.0
        assert state.done == env.is_done(state.agent)
        streams[state.agent].append((*state["observation"].tolist(), state.reward, terminated, truncated))
        ended += env.done
        if ended == 3:
            break
        state = env.step(int(state.agent[-1]) + 1)  # also on final states, where it is ignored
    assert streams == expected
    assert mine.actions == naive.actions


# ---- legal actions


@dataclass
class Masked(Scripted):
    """One player; the observation says that only some actions are legal. An episode is 50 turns."""

    legal: tuple[int, ...]
    played: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        turns = [Turn((0.0,))] * 49 + [Turn((0.0,), frozenset({0}))]
        super().__init__(1, [turns])

    def observation_space(self, agent: str) -> Dict:  # type: ignore[override]
        return Dict({"observation": Box(0, 1, (2, 3), np.int8), "action_mask": Box(0, 1, (5,), np.int8)})

    def observe(self, agent: str) -> dict[str, np.ndarray]:  # type: ignore[override]
        mask = np.isin(np.arange(5), self.legal).astype(np.int8)
        return {"observation": np.arange(6, dtype=np.int8).reshape(2, 3), "action_mask": mask}


def _play(env: PettingZooEnvironment, action: Any, ticks: int) -> None:
    env.reset(seed=0)
    for _ in range(ticks):
        env.step(action)


def test_what_is_legal_is_told_beside_the_observation() -> None:
    env = PettingZooEnvironment(Masked(legal=(1, 4)))
    state = env.reset()
    assert env.observation_space("player_0") == Box(0, 1, (6,), np.int8)
    assert state["observation"].tolist() == [0, 1, 2, 3, 4, 5]
    assert state["action_mask"].tolist() == [False, True, False, False, True]
    assert state["action_mask"].dtype == torch.bool


def test_an_illegal_action_becomes_any_legal_one_with_equal_chances() -> None:
    game = Masked(legal=(1, 3, 4))
    _play(PettingZooEnvironment(game), torch.tensor(0), 1500)
    counts = Counter(action for _, action in game.actions)
    assert sorted(counts) == [1, 3, 4]
    assert all(400 < count < 570 for count in counts.values())  # about 490 each, and a deviation of 18


def test_a_legal_action_stays_as_it_is() -> None:
    game = Masked(legal=(1, 4))
    _play(PettingZooEnvironment(game), torch.tensor(4), 20)
    assert {action for _, action in game.actions} == {4}


def test_the_same_seed_replaces_actions_alike() -> None:
    one, other, third = Masked(legal=(1, 3, 4)), Masked(legal=(1, 3, 4)), Masked(legal=(1, 3, 4))
    env = PettingZooEnvironment(one)
    _play(env, 0, 40)
    _play(PettingZooEnvironment(other), 0, 40)
    third_env = PettingZooEnvironment(third)
    third_env.reset(seed=1)
    for _ in range(40):
        third_env.step(0)
    assert one.actions == other.actions != third.actions


class HalfMasked(Masked):
    """Two players, of which only the first is told what is legal."""

    def __post_init__(self) -> None:
        Scripted.__init__(self, 2, [[Turn((0.0, 0.0))] * 9 + [Turn((0.0, 0.0), frozenset({0, 1}))]])

    def observation_space(self, agent: str) -> Any:
        return super().observation_space(agent) if agent == "player_0" else Discrete(3)

    def observe(self, agent: str) -> Any:
        return super().observe(agent) if agent == "player_0" else 2


def test_what_is_legal_for_one_player_says_nothing_of_another() -> None:
    game = HalfMasked(legal=(1,))
    env = PettingZooEnvironment(game)
    env.reset()
    state = env.step(0)
    assert (state.agent, state["observation"].tolist()) == ("player_1", [0, 0, 1])  # one-hot
    assert "action_mask" not in state
    env.step(0)
    assert game.actions == [("player_0", 1), ("player_1", 0)]


def test_the_game_gets_illegal_actions_if_asked_to() -> None:
    game = Masked(legal=(1, 4))
    env = PettingZooEnvironment(game, replace_illegal=False)
    _play(env, 0, 5)
    assert {action for _, action in game.actions} == {0}
    assert env.options == {"replace_illegal": False}


# ---- what else an environment does


class Seeded(Scripted):
    """Remembers the seeds that it is given."""

    def __init__(self) -> None:
        super().__init__(1, [[Turn((0.0,), frozenset({0}))]])
        self.seeds: list[int | None] = []

    def reset(self, seed: int | None = None, options: Any = None) -> None:
        self.seeds.append(seed)
        super().reset()


def test_every_episode_has_a_seed_of_its_own_that_follows_from_the_first() -> None:
    games = [Seeded(), Seeded()]
    for game in games:
        _play(PettingZooEnvironment(game), 0, 9)
    assert games[0].seeds == games[1].seeds
    assert len(set(games[0].seeds)) == len(games[0].seeds) == 5
    unseeded = Seeded()
    PettingZooEnvironment(unseeded).reset()
    assert unseeded.seeds == [None]


def test_observations_keep_their_shape_if_asked_to() -> None:
    env = PettingZooEnvironment(Masked(legal=(0,)), flatten=False)
    assert env.observation_space("player_0").shape == (2, 3)
    assert env.reset()["observation"].shape == (2, 3)
    assert env.options == {"flatten": False}


def test_an_object_cannot_be_made_again_without_a_recipe() -> None:
    env = PettingZooEnvironment(Scripted(1, [[Turn((0.0,), frozenset({0}))]]))
    assert env.key.endswith("test_environment:Scripted")
    with pytest.raises(UsageError, match="cannot be made again"):
        env.duplicate()
    with pytest.raises(UsageError, match="has no state yet"):
        _ = env.state
    made: list[dict[str, Any]] = []

    def make(**options: Any) -> Scripted:
        made.append(options)
        return Scripted(1, [[Turn((0.0,), frozenset({0}))]])

    env = PettingZooEnvironment(make(size=3), make=make, key="mine:make", size=3)
    other = env.duplicate()
    assert made == [{"size": 3}, {"size": 3}]
    assert (other.key, other.options) == ("mine:make", {"size": 3})
    with pytest.raises(UsageError, match="cannot be looked at"):
        PettingZooEnvironment(make(), make=lambda size=1: make()).renderable()
    raw = PettingZooEnvironment(make(), make=make, flatten=False, replace_illegal=False).duplicate()
    assert raw.options == {"flatten": False, "replace_illegal": False}
    assert isinstance(other.reset(), MultiagentState)
