import gymnasium
import numpy as np
import pytest
import torch

from all_mujoco import MujocoEnvironment
from all_mujoco.names import names
from allcore.environments.resolve import resolve_environment
from allcore.errors import DomainError, UnknownEnvironmentError, UsageError


def test_the_names_are_gymnasiums():
    import gymnasium.envs.registration

    of_mujoco = [
        spec.id
        for spec in gymnasium.registry.values()
        if str(spec.entry_point).startswith("gymnasium.envs.mujoco") and spec.version in (4, 5)
    ]
    assert sorted([*names(), "Pusher-v4"]) == sorted(of_mujoco)


@pytest.mark.parametrize("name", names())
@pytest.mark.filterwarnings("ignore:.*is out of date")  # of Gymnasium's own, in version 4
def test_a_task_is_gymnasiums_in_float32(name):
    env, reference = MujocoEnvironment(name), gymnasium.make(name)
    observation, _ = reference.reset(seed=1)
    state = env.reset(seed=1)
    assert (env.key, env.name) == (f"mujoco:{name}", name)
    assert env.observation_space.shape == reference.observation_space.shape
    reference.action_space.seed(2)
    for _ in range(50):
        assert state.observation.dtype == torch.float32
        assert state.observation.numpy() == pytest.approx(observation.astype(np.float32), abs=0, nan_ok=True)
        action = reference.action_space.sample()
        state = env.step(torch.as_tensor(action))
        observation, reward, terminated, truncated, _ = reference.step(action)
        assert state.reward == reward
        assert (state.done, state.mask) == (terminated or truncated, float(not terminated))
        if state.done:
            state, (observation, _) = env.step(action), reference.reset()
    env.close()
    reference.close()


def test_an_old_mujoco_is_asked_for_in_words():
    with pytest.raises(
        UsageError, match=r"Pusher-v4 needs MuJoCo before version 3, and here is.*\n.*Pusher-v5"
    ):
        MujocoEnvironment("Pusher-v4")


def test_a_version_that_is_gone_is_no_traceback():
    with pytest.raises(
        UsageError, match=r"Ant-v3 cannot be made: .*gymnasium-robotics.*\nUse version 5 or 4"
    ):
        MujocoEnvironment("Ant-v3")


def test_models_that_mujoco_calls_outdated_leave_no_trace(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    env = MujocoEnvironment("HalfCheetah-v5")
    env.duplicate(2).close()
    env.close()
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().err == ""


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
    assert resolve_environment("Hopper-v4", domain="mujoco").key == "mujoco:Hopper-v4"
    with pytest.raises(DomainError, match="'mujoco'"):
        resolve_environment("InvertedPendulum-v5", domain="atari")
    with pytest.raises(UnknownEnvironmentError, match="Did you mean 'HalfCheetah-v5'"):
        resolve_environment("HalfCheeta-v5", domain="mujoco")
    with pytest.raises(UsageError, match="Use version 5 or 4"):
        resolve_environment("HalfCheetah-v3", domain="mujoco")
    with pytest.raises(UsageError, match="needs MuJoCo before version 3"):
        resolve_environment("Pusher-v4", domain="mujoco")
    with pytest.raises(UnknownEnvironmentError, match="no environment 'HalfCheetah-v77'"):
        resolve_environment("HalfCheetah-v77", domain="mujoco")
