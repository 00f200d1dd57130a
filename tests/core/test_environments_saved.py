"""Environments of Gymnasium's that are saved in the middle of an episode, and go on in another process's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces

from allcore.checkpoint import load_state, save_state
from allcore.core import State
from allcore.environments import Environment, GymEnvironment
from allcore.environments.resolve import resolve_environment
from allcore.errors import CheckpointError

TASKS = [
    "classic:CartPole-v1",
    "classic:Acrobot-v1",
    "classic:MountainCar-v0",
    "continuous:Pendulum-v1",
    "mujoco:HalfCheetah-v5",
    "mujoco:Hopper-v4",
    "mujoco:Humanoid-v5",
    "mujoco:Pusher-v5",
    "gym:Blackjack-v1",
    "gym:Taxi-v4",
]


def _environment(key: str, n: int | None) -> Any:
    options = {"max_episode_steps": 60} if "Blackjack" not in key else {}
    env = resolve_environment(key, domain=None, options=options)
    return env if n is None else env.duplicate(n)


def _play(env: Any, actions: list[Any]) -> list[State]:
    return [env.step(action) for action in actions]


def _same(one: State, other: State) -> bool:
    names = one.keys()
    return names == other.keys() and all(
        torch.equal(torch.as_tensor(one[name]), torch.as_tensor(other[name])) for name in names
    )


@pytest.mark.parametrize("n", [None, 1, 3])
@pytest.mark.parametrize("key", TASKS)
def test_the_same_states_follow_after_loading(key: str, n: int | None, tmp_path: Path) -> None:
    env, other = _environment(key, n), _environment(key, n)
    env.action_space.seed(1)
    sample = env.action_space.sample
    actions = [sample() if n is None else np.stack([sample() for _ in range(n)]) for _ in range(400)]
    env.reset(seed=5)
    for past in (0, 25, 130):  # right after the beginning, within the first episode, within a later one
        _play(env, actions[:past])
        save_state(tmp_path / "env", env.state_dict())
        other.reset(seed=6)
        _play(other, actions[:7])
        other.load_state_dict(load_state(tmp_path / "env"))
        newest = (env.state, other.state) if n is None else (env.state_array, other.state_array)
        assert _same(*newest)
        for mine, its in zip(_play(env, actions[past:]), _play(other, actions[past:]), strict=True):
            assert _same(mine, its)
    env.close()
    other.close()


class Forgetful(gymnasium.Env[np.ndarray, int]):
    """Draws its observations from a stream that nobody knows of."""

    observation_space, action_space = spaces.Box(0, 1, (1,), np.float64), spaces.Discrete(2)

    def __init__(self) -> None:
        self._secret = np.random.default_rng()

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return self._secret.random(1), {}

    def step(self, action: int) -> Any:
        return self._secret.random(1), 0.0, False, False, {}


def test_an_environment_with_a_secret_is_found_out() -> None:
    env: Environment = GymEnvironment(Forgetful(), make=Forgetful)
    env.reset(seed=0)
    _play(env, [0, 1])
    state = env.state_dict()
    assert state is not None
    with pytest.raises(CheckpointError, match="does not find its moment again"):
        GymEnvironment(Forgetful()).load_state_dict(state)
    vector = env.duplicate(2)
    vector.reset(seed=0)
    state = vector.state_dict()
    assert state is not None
    with pytest.raises(CheckpointError, match="does not find its moment again"):
        env.duplicate(2).load_state_dict(state)


def test_an_environment_that_draws_otherwise_says_that_it_cannot_be_saved() -> None:
    class Old(Forgetful):
        np_random = np.random.RandomState(0)  # type: ignore[assignment]

        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            return np.zeros(1), {}

    env = GymEnvironment(Old())
    assert env.state_dict() is None  # nothing has happened yet
    env.reset()
    assert env.state_dict() is None
