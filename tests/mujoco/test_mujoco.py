import gymnasium
import numpy as np
import pytest
import torch

from all_mujoco import MujocoEnvironment
from all_mujoco.names import names
from allcore.environments.resolve import resolve_environment
from allcore.errors import DomainError, UnknownEnvironmentError


def test_the_names_are_gymnasiums():
    import gymnasium.envs.registration

    of_mujoco = [
        spec.id
        for spec in gymnasium.registry.values()
        if str(spec.entry_point).startswith("gymnasium.envs.mujoco") and spec.version == 5
    ]
    assert sorted(names()) == sorted(of_mujoco)


def test_a_task_is_gymnasiums_in_float32():
    env = MujocoEnvironment("InvertedPendulum-v5")
    reference = gymnasium.make("InvertedPendulum-v5")
    assert env.reset(seed=1).observation.tolist() == np.float32(reference.reset(seed=1)[0]).tolist()
    action = torch.tensor([0.5])
    state = env.step(action)
    observation, reward, *_ = reference.step(action.numpy())
    assert state.observation.tolist() == np.float32(observation).tolist()
    assert state.reward == reward
    assert (env.key, env.name) == ("mujoco:InvertedPendulum-v5", "InvertedPendulum-v5")


def test_a_vector_of_one_equals_the_single_environment():
    single = MujocoEnvironment("InvertedPendulum-v5", max_episode_steps=20)
    vector = single.duplicate(1)
    state, array = single.reset(seed=2), vector.reset(seed=2)
    single.action_space.seed(0)
    ends = set()
    for _ in range(100):
        assert torch.equal(state.observation, array.observation[0])
        assert (array.done[0], array.mask[0]) == (state.done, state.mask)
        if state.done:
            ends.add(state.mask)
        action = single.action_space.sample()
        state, array = single.step(action), vector.step(action[None])
    assert ends <= {0.0, 1.0}
    assert ends


def test_the_family():
    env = resolve_environment("InvertedPendulum-v5", domain="mujoco")
    assert env.key == "mujoco:InvertedPendulum-v5"
    with pytest.raises(DomainError, match="'mujoco'"):
        resolve_environment("InvertedPendulum-v5", domain="atari")
    with pytest.raises(UnknownEnvironmentError, match="Did you mean 'HalfCheetah-v5'"):
        resolve_environment("HalfCheeta-v5", domain="mujoco")
    with pytest.raises(UnknownEnvironmentError, match="no environment 'HalfCheetah-v77'"):
        resolve_environment("HalfCheetah-v77", domain="mujoco")
