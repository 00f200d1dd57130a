import pytest

from all_agents.presets.classic.environments import make, names
from allcore.environments.resolve import resolve_environment
from allcore.errors import UnknownEnvironmentError


def test_every_name_makes_an_environment():
    for name in names():
        if name != "CartPole-v0":  # Gymnasium warns that it is old
            env = make(name)
            assert (env.key, env.name) == (f"classic:{name}", name)
            env.reset(seed=0)
            env.close()


def test_unknown_names_are_explained():
    with pytest.raises(UnknownEnvironmentError, match="Did you mean 'CartPole-v1'"):
        make("CartPole-v11")
    with pytest.raises(UnknownEnvironmentError, match="'gym:FrozenLake-v1' asks Gymnasium"):
        resolve_environment("FrozenLake-v1", domain="classic")
