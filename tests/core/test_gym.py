import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from allcore.environments import GymEnvironment, GymVectorEnvironment
from allcore.errors import UnknownEnvironmentError, UsageError
from allcore.seeding import Seeds


class Countdown(gymnasium.Env):
    """Ends after `length` steps; the observation counts them, in an array that is written to again and again."""

    def __init__(self, length=2, terminate=True, observation_space=None, action_space=None):
        self.observation_space = observation_space or spaces.Box(0, 9, (1,), np.float64)
        self.action_space = action_space or spaces.Discrete(2)
        self.length, self.terminate = length, terminate
        self.array = np.zeros(1)
        self.actions = []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.array[:] = 0
        return self.array, {}

    def step(self, action):
        self.actions.append(action)
        self.array += 1
        over = self.array[0] == self.length
        return self.array, 2.5, over and self.terminate, over and not self.terminate, {}


class Sampler(gymnasium.Env):
    """Every observation is a sample of the space."""

    def __init__(self, observation_space):
        self.observation_space = observation_space
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0, False, False, {}


def summary(state):
    return state.observation.tolist(), state.reward, state.done, state.mask


# ---- episode ends


@pytest.mark.parametrize(("terminate", "mask"), [(True, 0.0), (False, 1.0)])
def test_episodes_follow_one_another(terminate, mask):
    env = GymEnvironment(Countdown(length=2, terminate=terminate))
    assert summary(env.reset()) == ([0.0], 0.0, False, 1.0)
    assert summary(env.step(0)) == ([1.0], 2.5, False, 1.0)
    assert summary(env.step(0)) == ([2.0], 2.5, True, mask)
    assert (env.done, env.mask, env.reward) == (True, mask, 2.5)
    assert summary(env.step(1)) == ([0.0], 0.0, False, 1.0)
    assert env._env.actions == [0, 0]  # the last action was ignored
    assert summary(env.step(0)) == ([1.0], 2.5, False, 1.0)
    assert summary(env.reset()) == ([0.0], 0.0, False, 1.0)


def test_terminated_in_the_last_step_before_the_time_limit_is_terminated():
    env = GymEnvironment(gymnasium.wrappers.TimeLimit(Countdown(length=1), 1))
    env.reset()
    assert summary(env.step(0)) == ([1.0], 2.5, True, 0.0)


@pytest.mark.parametrize(("terminate", "mask"), [(True, 0.0), (False, 1.0)])
def test_episodes_of_a_vector_end_one_by_one(terminate, mask):
    lengths = iter([1, 3])
    make = lambda: Countdown(length=next(lengths), terminate=terminate)  # noqa: E731
    vector = GymEnvironment(Countdown(), make=make).duplicate(2)
    seen = [vector.reset()] + [vector.step(torch.tensor([0, 1])) for _ in range(4)]
    assert [s.observation.ravel().tolist() for s in seen] == [[0, 0], [1, 1], [0, 2], [1, 3], [0, 0]]
    assert [s.reward.tolist() for s in seen] == [[0, 0], [2.5, 2.5], [0, 2.5], [2.5, 2.5], [0, 0]]
    assert [s.done.tolist() for s in seen] == [[0, 0], [1, 0], [0, 0], [1, 1], [0, 0]]
    assert [s.mask.tolist() for s in seen] == [[1, 1], [mask, 1], [1, 1], [mask, mask], [1, 1]]
    assert seen[0].reward.dtype == seen[1].reward.dtype == torch.float32
    assert seen[1].done.dtype == torch.bool
    assert vector.state_array is seen[-1]


# ---- one environment and a vector

IDS = ["CartPole-v1", "Acrobot-v1", "MountainCar-v0", "Pendulum-v1"]


@pytest.mark.parametrize("environment_id", IDS)
def test_a_vector_of_one_equals_the_single_environment(environment_id):
    options = {
        "max_episode_steps": 30
    }  # so that some episodes are truncated and, in CartPole, others terminated
    single = GymEnvironment(environment_id, **options)
    vector = single.duplicate(1)
    assert (vector.observation_space, vector.action_space) == (single.observation_space, single.action_space)
    single.action_space.seed(0)
    state, array = single.reset(seed=7), vector.reset(seed=7)
    ends = set()
    for _ in range(400):
        assert torch.equal(array.observation[0], state.observation)
        assert array.observation.dtype == state.observation.dtype
        assert array.reward[0] == np.float32(state.reward)
        assert (array.done[0], array.mask[0]) == (state.done, state.mask)
        if state.done:
            ends.add(state.mask)
        action = torch.as_tensor(single.action_space.sample())
        state, array = single.step(action), vector.step(action[None])
    assert ends == ({0.0, 1.0} if environment_id == "CartPole-v1" else {1.0})


def test_environments_of_a_vector_have_seeds_of_their_own():
    vector = GymEnvironment("Acrobot-v1").duplicate(3)
    observations = vector.reset(seed=5).observation
    for index, seed in enumerate([5, Seeds(5).integer("environment", 1), Seeds(5).integer("environment", 2)]):
        assert torch.equal(GymEnvironment("Acrobot-v1").reset(seed=seed).observation, observations[index])
    assert torch.equal(vector.reset(seed=5).observation, observations)
    assert not torch.equal(vector.reset().observation, observations)


def test_cartpole_uses_its_own_vector_version_and_acrobot_has_none():
    assert type(GymEnvironment("CartPole-v1").duplicate(2)._vector).__name__ == "CartPoleVectorEnv"
    assert isinstance(GymEnvironment("Acrobot-v1").duplicate(2)._vector, SyncVectorEnv)


def test_a_vector_version_with_other_spaces_is_not_used():
    # The ALE's vector environment preprocesses its frames, its single one does not.
    single = GymEnvironment("ale_py:ALE/Pong-v5")
    vector = single.duplicate(1)
    assert vector.observation_space == single.observation_space
    assert torch.equal(vector.reset(seed=1).observation[0], single.reset(seed=1).observation)


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.DISABLED])
def test_a_vector_that_resets_in_another_way_is_refused(mode):
    vector = SyncVectorEnv([Countdown], autoreset_mode=mode)
    with pytest.raises(UsageError, match="episode ends would be read wrongly"):
        GymVectorEnvironment(vector, key="x:y")


def test_objects_are_duplicated_by_spec_or_by_a_function():
    by_spec = GymEnvironment(gymnasium.make("CartPole-v1", max_episode_steps=3)).duplicate(2)
    by_spec.reset(seed=0)
    assert [by_spec.step([0, 1]).done.tolist() for _ in range(3)][-1] == [True, True]
    with pytest.raises(UsageError, match="cannot be made again"):
        GymEnvironment(Countdown()).duplicate(2)
    with pytest.raises(UsageError, match="at least one"):
        GymEnvironment("CartPole-v1").duplicate(0)


# ---- observations and actions


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-1, 1, (2, 3), np.float64),
        spaces.Box(0, 255, (2,), np.uint8),
        spaces.Discrete(5, start=2),
        spaces.MultiDiscrete([3, 4]),
        spaces.MultiBinary(4),
        spaces.Dict(image=spaces.Box(0, 255, (1, 2, 2), np.uint8), where=spaces.Tuple([spaces.Discrete(3)])),
    ],
)
def test_any_observation_becomes_tensors(space):
    env = GymEnvironment(Sampler(space), make=lambda: Sampler(space))
    state = env.reset(seed=0)
    vector_state = env.duplicate(2).reset(seed=0)
    space.seed(0)
    sample = space.sample()
    if isinstance(space, spaces.Dict):
        assert state["observation.image"].numpy().tolist() == sample["image"].tolist()
        assert state["observation.where.0"].item() == sample["where"][0]
        assert vector_state["observation.where.0"].shape == (2,)
        return
    assert np.array_equal(state.observation.numpy(), np.asarray(sample, env.observation_space.dtype))
    assert state.observation.dtype == (
        torch.float32 if space.dtype == np.float64 else state.observation.dtype
    )
    assert torch.equal(vector_state.observation[0], state.observation)
    assert vector_state.observation.shape == (2, *space.shape)


@pytest.mark.parametrize(
    ("space", "action", "wanted"),
    [
        (spaces.Discrete(3), torch.tensor(2), 2),
        (spaces.Discrete(3, start=-1), np.int64(2), 1),
        (spaces.MultiDiscrete([3, 3], start=[1, 0]), torch.tensor([2, 2]), [3, 2]),
        (spaces.MultiBinary(2), [1, 0], [1, 0]),
        (
            spaces.Box(-1, np.array([0.5, 2], np.float32)),
            torch.tensor([1.0, -3.0], requires_grad=True),
            [0.5, -1],
        ),
        (spaces.Box(-1, 1, (1,), np.float64), 0.5, [0.5]),
        (spaces.Box(-1, 1, ()), torch.tensor([3.0]), 1.0),
        (
            spaces.Box(np.array([[-1, -2]] * 2, np.float32), 9),
            torch.tensor([-9.0, -9, 0, 9]),
            [[-1, -2], [0, 9]],
        ),
    ],
)
def test_actions_become_gymnasiums(space, action, wanted):
    env = GymEnvironment(Countdown(action_space=space))
    env.reset()
    env.step(action)
    [seen] = env._env.actions
    assert np.asarray(seen).tolist() == wanted
    assert seen in space


def test_actions_of_a_vector_become_gymnasiums():
    made = []

    def make():
        made.append(Countdown(action_space=spaces.Discrete(3, start=1)))
        return made[-1]

    vector = GymEnvironment(make(), make=make).duplicate(2)
    assert vector.action_space == spaces.Discrete(3)
    vector.reset()
    vector.step(torch.tensor([0, 2]))
    assert [env.actions for env in made] == [[], [1], [3]]


def test_actions_of_any_shape_are_vectors_to_agents():
    made = []

    def make():
        made.append(Countdown(action_space=spaces.Box(np.array([[-1, -2]] * 3, np.float32), 9)))
        return made[-1]

    env = GymEnvironment(make(), make=make)
    low = np.array([-1, -2] * 3, np.float32)
    assert env.action_space == env.duplicate(2).action_space == spaces.Box(low, 9)
    vector = env.duplicate(2)
    vector.reset()
    vector.step(torch.arange(12.0).view(2, 6))
    assert [other.actions[0].tolist() for other in made[-2:]] == [
        [[0, 1], [2, 3], [4, 5]],
        [[6, 7], [8, 9], [9, 9]],
    ]


def test_unsupported_action_spaces_are_refused():
    with pytest.raises(UsageError, match="Tuple space are not supported"):
        GymEnvironment(Countdown(action_space=spaces.Tuple([spaces.Discrete(2)])))


def test_states_do_not_change_when_the_environment_goes_on():
    env = GymEnvironment(Countdown())
    first = env.reset()
    env.step(0)
    assert first.observation.tolist() == [0]
    assert first.observation.dtype == torch.float32
    assert env.observation_space == spaces.Box(0, 9, (1,), np.float32)


# ---- names, seeds, pictures, mistakes


def test_keys_and_names():
    env = GymEnvironment("CartPole-v1", max_episode_steps=7)
    assert (env.key, env.name, env.options) == ("gym:CartPole-v1", "CartPole-v1", {"max_episode_steps": 7})
    assert env.frame_skip == 1
    vector = env.duplicate(2)
    assert (vector.key, vector.name, vector.num_envs) == ("gym:CartPole-v1", "CartPole-v1", 2)
    assert GymEnvironment("CartPole-v1", key="classic:CartPole-v1").key == "classic:CartPole-v1"
    assert GymEnvironment(gymnasium.make("Acrobot-v1")).key == "gym:Acrobot-v1"
    assert GymEnvironment(Countdown()).key.endswith(":Countdown")
    assert GymEnvironment("ale_py:ALE/Pong-v5").name == "ALE-Pong-v5"


def test_seeds_are_gymnasiums_own():
    env = GymEnvironment("CartPole-v1")
    first = env.reset(seed=3).observation
    assert first.tolist() == gymnasium.make("CartPole-v1").reset(seed=3)[0].tolist()
    assert not torch.equal(env.reset().observation, first)
    assert torch.equal(env.reset(seed=3).observation, first)


def test_pictures():
    env = GymEnvironment("FrozenLake-v1")
    with pytest.raises(UsageError, match="renderable"):
        env.render()
    shown = env.renderable()
    shown.reset(seed=0)
    assert shown.render().dtype == np.uint8
    assert shown.render().shape[2] == 3
    assert shown.renderable() is shown
    assert shown.key == env.key
    shown.close()
    shown.close()


def test_close_may_be_called_twice():
    vector = GymEnvironment("Acrobot-v1").duplicate(2)
    vector.close()
    vector.close()


def test_state_before_the_first_reset():
    env = GymEnvironment("CartPole-v1")
    with pytest.raises(UsageError, match="Call reset"):
        env.step(0)
    with pytest.raises(UsageError, match="Call reset"):
        _ = env.duplicate(1).state_array


@pytest.mark.parametrize(
    ("environment_id", "error", "message"),
    [
        ("CartPool-v1", UnknownEnvironmentError, "Did you mean 'CartPole-v1'"),
        ("CartPole-v7", UnknownEnvironmentError, "Did you mean .*'CartPole-v1'"),
        ("ACME/Robot-v0", UnknownEnvironmentError, "gym:package:ACME/Robot-v0"),
        ("no_such_module:Robot-v0", UnknownEnvironmentError, "no module 'no_such_module'"),
        ("tabular/Blackjack-v0", UsageError, "pip install jax"),
    ],
)
def test_mistakes_are_explained(environment_id, error, message):
    with pytest.raises(error, match=message):
        GymEnvironment(environment_id)


def test_a_version_for_an_older_simulator_is_no_traceback():
    with pytest.raises(UsageError, match="mujoco<3"):
        GymEnvironment("Pusher-v4")


def test_options_for_an_environment_object_come_too_late():
    with pytest.raises(UsageError, match="too late .*: length"):
        GymEnvironment(Countdown(), length=3)


def test_unknown_options_are_explained():
    with pytest.raises(UsageError, match="gravvity"):
        GymEnvironment("CartPole-v1", gravvity=3)


def test_what_the_constructor_raises_is_told_with_the_options():
    with pytest.raises(
        UsageError, match=r"with the options sutton_barto_reward='x', render_mode=3: \w+Error: .*line"
    ):
        GymEnvironment("CartPole-v1", sutton_barto_reward="x", render_mode=3)
