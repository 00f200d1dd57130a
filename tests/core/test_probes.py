"""The probes: their values by exhaustive search and by a tabular learner, alone and in a vector."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from allcore.bodies import EpisodicLives
from allcore.core import State, StateArray
from allcore.environments.resolve import resolve_environment
from allcore.errors import UsageError
from allcore.testing import (
    PROBES,
    ActionDependent,
    LifeLost,
    ObservationDependent,
    Probe,
    Staggered,
    TruncatedForever,
    play,
)

every_probe = pytest.mark.parametrize("kind", PROBES, ids=[probe.__name__ for probe in PROBES])
GAMMA = 0.5


class Tabular:
    """Q-learning in a table of observations and actions; explores at random, and takes one state or several."""

    def __init__(self, known_actions: list[float], box: bool) -> None:
        self.actions, self.box = known_actions, box
        self.q: dict[Any, float] = {}
        self.generator = np.random.default_rng(0)
        self.last: tuple[list[Any], list[bool], np.ndarray] | None = None
        self.seen: list[State] = []

    def act(self, state: State) -> torch.Tensor:
        self.seen.append(state)
        states = state if state.shape else State.array([state])
        keys = [tuple(row) for row in states.observation.tolist()]
        if self.last is not None:
            for row, (key, done, action) in enumerate(zip(*self.last, strict=True)):
                if not done:
                    value = max(self.q.get((keys[row], number), 0.0) for number in self.actions)
                    target = float(states.reward[row] + GAMMA * states.mask[row] * value)
                    old = self.q.get((key, action), 0.0)
                    self.q[key, action] = old + 0.5 * (target - old)
        chosen = self.generator.choice(self.actions, len(keys))
        self.last = keys, states.done.tolist(), chosen
        actions = (
            torch.tensor(chosen[:, None], dtype=torch.float32) if self.box else torch.tensor(chosen).long()
        )
        return actions if state.shape else actions[0]


def _learner(probe: Probe) -> Tabular:
    return Tabular(list(probe.values(GAMMA)[0].action_values), probe.actions == "box")


@every_probe
@pytest.mark.parametrize("actions", ["discrete", "box"])
@pytest.mark.parametrize("n_envs", [None, 3])
def test_a_tabular_learner_finds_the_values(kind: type[Probe], actions: str, n_envs: int | None) -> None:
    probe = kind(actions)
    agent = play(_learner(probe), probe, ticks=700, n_envs=n_envs)
    for known in probe.values(GAMMA):
        found = {action: agent.q[known.observation, action] for action in known.action_values}
        assert found == pytest.approx(known.action_values, abs=0.01)
        assert max(found.values()) == pytest.approx(known.value, abs=0.01)


@every_probe
def test_a_vector_of_one_is_a_single_environment(kind: type[Probe]) -> None:
    one = play(_learner(kind()), kind(), ticks=50, seed=3)
    vector = play(_learner(kind()), kind(), ticks=50, seed=3, n_envs=1)
    for state, states in zip(one.seen, vector.seen, strict=True):
        assert isinstance(states, StateArray)
        assert state.keys() == states[0].keys()
        for key in state.keys():  # noqa: SIM118 (a state is no dict)
            assert torch.equal(torch.as_tensor(state[key]), torch.as_tensor(states[0][key]))


@every_probe
def test_the_seed_decides(kind: type[Probe]) -> None:
    def rewards(probe: Probe, seed: int) -> list[Any]:
        return [state.reward.tolist() for state in play(_learner(probe), probe, 20, n_envs=2, seed=seed).seen]

    probe = kind()
    assert rewards(probe, 5) == rewards(probe, 5) == rewards(kind(), 5)


def test_another_seed_and_another_environment_draw_other_signs() -> None:
    def signs(seed: int, n_envs: int = 1) -> np.ndarray:
        agent = play(_learner(ObservationDependent()), ObservationDependent(), 60, n_envs=n_envs, seed=seed)
        return np.array([state.observation[:, 0].tolist() for state in agent.seen])

    assert not np.array_equal(signs(0), signs(1))
    two = signs(0, 2)
    assert not np.array_equal(two[:, 0], two[:, 1])


@every_probe
def test_episode_ends_are_told_as_everywhere(kind: type[Probe]) -> None:
    states = play(_learner(kind()), kind(), ticks=30).seen
    assert any(state.done for state in states)
    for before, after in pairwise(states):
        if before.done:
            assert (after.reward, after.done, after.mask, after["life_lost"]) == (0.0, False, 1.0, False)
            continue
        if kind is TruncatedForever:
            assert after.mask == 1.0
        else:
            assert after.mask == (0.0 if after.done or kind is LifeLost else 1.0)


def test_time_limits_come_when_they_are_said_to() -> None:
    done = [state.done for state in play(_learner(LifeLost()), TruncatedForever(length=3), ticks=9).seen]
    assert done == [False, False, False, True, False, False, False, True, False]


@pytest.mark.parametrize("n_envs", [None, 2])
def test_lives_are_lost_in_a_game_that_goes_on_with_and_without_the_body(n_envs: int | None) -> None:
    agent = _learner(LifeLost())
    body = play(EpisodicLives(agent), LifeLost(lives=2), ticks=8, n_envs=n_envs)  # type: ignore[arg-type]
    assert body.agent is agent
    plain = play(_learner(LifeLost()), LifeLost(lives=2), ticks=8, n_envs=n_envs)
    for seen in (agent.seen, plain.seen):
        rows = [state if n_envs is None else state[0] for state in seen]
        assert [state.mask for state in rows] == [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]
        assert [state.done for state in rows] == [False, False, True, False, False, True, False, False]
        assert [state.reward for state in rows] == [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]


def test_staggered_environments_end_at_different_times() -> None:
    done = torch.stack([state.done for state in play(_learner(Staggered()), Staggered(), 10, n_envs=3).seen])
    assert [column.nonzero()[:, 0].tolist() for column in done.T] == [[1, 4, 8], [2, 6, 8], [3, 5, 8]]
    assert done.any(dim=1).sum() > done.all(dim=1).sum() == 1


@pytest.mark.parametrize("actions", ["discrete", "box"])
@every_probe
def test_the_best_action_is_the_one_of_the_highest_value(kind: type[Probe], actions: str) -> None:
    for known in kind(actions).values(GAMMA):
        assert max(known.action_values.values()) == pytest.approx(known.value)
        if known.best_action is not None:
            assert known.action_values[known.best_action] == pytest.approx(known.value)
        sign = known.observation[0]
        best = {
            "ActionDependent": {"discrete": 1.0, "box": 0.5},
            "ObservationAndActionDependent": {"discrete": (sign + 1) / 2, "box": sign / 2},
        }
        assert known.best_action == best.get(kind.__name__, {}).get(actions)
        assert torch.equal(known.state.observation, torch.tensor(known.observation))
        assert kind.observation_space.contains(known.state.observation.numpy())


@every_probe
def test_a_probe_can_be_typed(kind: type[Probe]) -> None:
    probe = resolve_environment(kind().key, domain=None, options={"actions": "box"})
    assert type(probe) is kind
    assert probe.duplicate(2).action_space == probe.action_space
    assert probe.options["actions"] == "box"


def test_options_go_to_the_vector() -> None:
    assert TruncatedForever(length=7).duplicate(2).envs[1].length == 7  # type: ignore[attr-defined]
    assert LifeLost(lives=9).duplicate(2).envs[1].lives == 9  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("actions", "action"),
    [("discrete", 2), ("discrete", [1]), ("discrete", 0.5), ("box", 0.5), ("box", [0, 1])],
)
def test_wrong_actions_are_refused(actions: str, action: Any) -> None:
    probe = PROBES[0](actions)
    probe.reset(0)
    with pytest.raises(UsageError, match="no action"):
        probe.step(action)


def test_box_actions_beyond_the_bounds_are_clipped() -> None:
    probe = ActionDependent("box")
    probe.reset(0)
    assert probe.step(torch.tensor([7.0])).reward == pytest.approx(1 - 0.5**2)


def test_other_actions_and_states_before_the_first_are_refused() -> None:
    with pytest.raises(UsageError, match="'discrete' or 'box'"):
        PROBES[0]("both")
    with pytest.raises(UsageError, match="reset"):
        PROBES[0]().state  # noqa: B018 (reading it is the test)
