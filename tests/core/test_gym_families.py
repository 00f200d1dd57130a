"""The families `classic` and `continuous`, and the optional package that some of their tasks need."""

import subprocess
import sys

import pytest
from gymnasium.spaces import Box, Discrete

from all_agents.presets.classic import environments as classic
from all_agents.presets.continuous import environments as continuous
from all_agents.presets.gym_family import BOX2D
from allcore.environments.resolve import resolve_environment
from allcore.errors import UnknownEnvironmentError, UsageError

FAMILIES = [("classic", classic), ("continuous", continuous)]
TASKS = [(family, module, name) for family, module in FAMILIES for name in module.names()]


@pytest.mark.parametrize(("family", "module", "name"), TASKS, ids=[f"{task[0]}:{task[2]}" for task in TASKS])
def test_every_name_makes_an_environment(family, module, name):
    if name == "CartPole-v0":
        pytest.skip("Gymnasium warns that it is old")
    if name in BOX2D:
        pytest.importorskip("Box2D", reason="Box2D is not installed")
    env = module.make(name)
    assert (env.key, env.name) == (f"{family}:{name}", name)
    state = env.reset(seed=0)
    assert env.observation_space.contains(state.observation.numpy())
    assert env.step(env.action_space.sample()).observation.shape == state.observation.shape
    env.close()


def test_continuous_tasks_have_actions_that_are_vectors():
    for name in continuous.names():
        if name not in BOX2D:
            assert isinstance(continuous.make(name).action_space, Box)


def test_the_lander_comes_in_two_kinds():
    pytest.importorskip("Box2D", reason="Box2D is not installed")
    assert isinstance(resolve_environment("LunarLander-v3", domain="classic").action_space, Discrete)
    assert isinstance(resolve_environment("LunarLanderContinuous-v3", domain="continuous").action_space, Box)


@pytest.mark.parametrize(("module", "name"), [(classic, "LunarLander-v3"), (continuous, "BipedalWalker-v3")])
def test_without_box2d_the_error_says_what_to_install(module, name, monkeypatch):
    monkeypatch.setattr("all_agents.presets.gym_family.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=rf"{name} needs Box2D.*\n.*all-agents\[box2d\]"):
        module.make(name)


def test_a_lander_is_made_where_warnings_are_errors():
    """Box2D's compiled half crashes the process if its warning on import is made an error."""
    pytest.importorskip("Box2D", reason="Box2D is not installed")
    code = "from all_agents.presets.classic.environments import make; make('LunarLander-v3').reset(seed=0)"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


def test_unknown_names_are_explained():
    with pytest.raises(UnknownEnvironmentError, match="Did you mean 'Pendulum-v1'"):
        continuous.make("Pendulum-v11")
    with pytest.raises(UnknownEnvironmentError, match="'gym:Elsewhere-v0' asks Gymnasium"):
        continuous.make("Elsewhere-v0")


def test_any_environment_of_gymnasiums_can_be_asked_for():
    env = resolve_environment("gym:Pendulum-v1", domain="continuous")
    assert env.key == "gym:Pendulum-v1"
