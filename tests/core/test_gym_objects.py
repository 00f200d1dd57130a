"""What environment objects of Gymnasium's are called, and what is found by that name."""

import gymnasium
import pytest
from gymnasium import spaces

from allcore.environments import GymEnvironment
from allcore.environments.resolve import resolve_environment
from allcore.errors import UnknownEnvironmentError


class Countdown(gymnasium.Env):
    """Does nothing."""

    def __init__(self, length=2, action_space=None):
        self.observation_space = spaces.Box(0, 9, (1,))
        self.action_space = action_space or spaces.Discrete(2)


class Doubled(gymnasium.Wrapper):
    """Rewards are twice what they were."""


@pytest.mark.parametrize(
    ("make", "key", "options"),
    [
        (lambda: gymnasium.make("CartPole-v1"), "gym:CartPole-v1", {}),
        (lambda: gymnasium.make("CartPole-v1", render_mode="rgb_array"), "gym:CartPole-v1", {}),
        (
            lambda: gymnasium.make("CartPole-v1", max_episode_steps=3),
            "gym:CartPole-v1",
            {"max_episode_steps": 3},
        ),
        (
            lambda: gymnasium.make("CartPole-v1", max_episode_steps=-1),
            "gym:CartPole-v1",
            {"max_episode_steps": -1},
        ),
        (
            lambda: gymnasium.wrappers.TimeLimit(gymnasium.make("CartPole-v1", max_episode_steps=-1), 4),
            "gym:CartPole-v1",
            {"max_episode_steps": 4},
        ),
        (
            lambda: gymnasium.make("CartPole-v1", sutton_barto_reward=True),
            "gym:CartPole-v1",
            {"sutton_barto_reward": True},
        ),
        (
            lambda: gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make("CartPole-v1")),
            "gym:CartPole-v1",
            {},
        ),
        (
            lambda: Doubled(gymnasium.make("CartPole-v1")),
            f"{__name__}:Doubled(CartPole-v1)",
            {},
        ),
        (
            lambda: Doubled(gymnasium.wrappers.ClipReward(gymnasium.make("CartPole-v1"), 0, 1)),
            f"{__name__}:Doubled(ClipReward(CartPole-v1))",
            {},
        ),
        (
            lambda: gymnasium.wrappers.TimeLimit(gymnasium.make("CartPole-v1"), 900),  # of which 500 are left
            "gymnasium.wrappers.common:TimeLimit(CartPole-v1)",
            {},
        ),
        (Countdown, f"{__name__}:Countdown", {}),
        (lambda: Doubled(Countdown()), f"{__name__}:Doubled(Countdown)", {}),
    ],
    ids=[
        *("as it is", "shown", "a time limit", "none", "another", "an option", "counted"),
        *("wrapped", "wrapped twice", "two time limits", "a class", "a class, wrapped"),
    ],
)
def test_an_object_is_called_by_what_makes_another_like_it_or_by_what_makes_none(make, key, options):
    env = GymEnvironment(make())
    assert (env.key, env.options) == (key, options)
    if key.startswith("gym:"):
        again = resolve_environment(key, domain=None, options=options)
        assert again._env.spec.max_episode_steps == env._env.spec.max_episode_steps
        shown = {"render_mode": env._env.render_mode} if env._env.render_mode else {}
        assert {**again._env.spec.kwargs, **shown} == env._env.spec.kwargs
    elif "(" in key:
        with pytest.raises(UnknownEnvironmentError, match=r"not found again by a name[^$]*my_module:make"):
            resolve_environment(key, domain=None)


def test_an_object_made_with_what_no_file_can_hold():
    spec = gymnasium.envs.registration.EnvSpec("Thing-v0", entry_point=Countdown, kwargs={"length": 3})
    gymnasium.registry["Thing-v0"] = spec
    try:
        assert GymEnvironment(gymnasium.make("Thing-v0")).options == {}
        assert GymEnvironment(gymnasium.make("Thing-v0", length=4)).options == {"length": 4}
        made = GymEnvironment(gymnasium.make("Thing-v0", action_space=spaces.Discrete(2)))
        assert (made.key, made.options) == (f"{__name__}:Countdown(Thing-v0)", {})
    finally:
        del gymnasium.registry["Thing-v0"]
