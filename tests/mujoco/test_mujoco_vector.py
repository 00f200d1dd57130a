"""The batched vector against Gymnasium's environments, each of which is stepped alone."""

import sys

import gymnasium
import mujoco
import numpy as np
import pytest
import torch

import all_mujoco.simulations
from all_mujoco import MujocoEnvironment
from all_mujoco.names import names
from all_mujoco.vector import MujocoVectorEnvironment
from allcore.environments import GymVectorEnvironment
from allcore.errors import CheckpointError, UsageError
from allcore.seeding import environment_seeds
from allcore.testing import check_states_stay

#: What version 4 calls the parts of a reward.
OLD_NAMES = {
    "reward_forward": ("reward_run", "reward_fwd", "reward_linvel", "forward_reward"),
    "reward_ctrl": ("reward_quadctrl",),
    "reward_survive": ("reward_alive",),
}
OPTIONS = [
    ("Ant-v4", {"use_contact_forces": True}),
    ("Ant-v5", {"include_cfrc_ext_in_observation": False, "main_body": "front_left_leg"}),
    ("Ant-v5", {"terminate_when_unhealthy": False, "contact_force_range": [-2.0, 3.0], "frame_skip": 3}),
    ("Ant-v4", {"terminate_when_unhealthy": False, "healthy_reward": 0.5}),
    ("HalfCheetah-v5", {"exclude_current_positions_from_observation": False, "ctrl_cost_weight": 0.3}),
    ("Hopper-v4", {"terminate_when_unhealthy": False, "reset_noise_scale": 0.1}),
    ("Hopper-v5", {"healthy_state_range": [-2.0, 2.0], "healthy_angle_range": [-1.0, 1.0]}),
    ("Humanoid-v5", {"include_cinert_in_observation": False, "contact_cost_range": [0.01, 0.02]}),
    ("HumanoidStandup-v5", {"include_cvel_in_observation": False, "include_cfrc_ext_in_observation": False}),
    ("HumanoidStandup-v5", {"include_qfrc_actuator_in_observation": False, "uph_cost_weight": 3.0}),
    ("InvertedDoublePendulum-v5", {"healthy_reward": 3.0}),
    ("Pusher-v5", {"reward_near_weight": 0.3}),
    ("Reacher-v5", {"reward_dist_weight": 2.0}),
    ("Walker2d-v5", {"max_episode_steps": -1, "healthy_z_range": [1.0, 1.3]}),
]


class Alone:
    """One of Gymnasium's environments, with the resets of our contract."""

    def __init__(self, name, options, seed):
        self.env = gymnasium.make(name, **options)
        self.observation, _ = self.env.reset(seed=seed)
        self.reward, self.terminated, self.truncated, self.info = 0.0, False, False, {}

    @property
    def done(self):
        return self.terminated or self.truncated

    def step(self, action):
        if self.done:
            self.observation, _ = self.env.reset()
            self.reward, self.terminated, self.truncated, self.info = 0.0, False, False, {}
        else:
            self.observation, self.reward, self.terminated, self.truncated, self.info = self.env.step(action)


def check_against_gymnasium(name, options, *, steps, n=3):
    """Play random actions in our vector and in Gymnasium's environments; all is equal in float64. Gives the number of ends."""
    vector = MujocoEnvironment(name, **options).duplicate(n)
    assert isinstance(vector, MujocoVectorEnvironment)
    others = [Alone(name, options, seed) for seed in environment_seeds(3, n)]
    states = vector.reset(seed=3)
    random, space = np.random.default_rng(0), vector.action_space
    ends = 0
    for _ in range(steps):
        check_moment(vector, states, others)
        ends += sum(other.done for other in others)
        actions = random.uniform(space.low, space.high, (n, *space.shape)).astype(np.float32)
        states = vector.step(actions)
        for action, other in zip(actions, others, strict=True):
            other.step(action)
    return ends


def check_moment(vector, states, others):
    parts = [part.reshape(len(others), -1) for part in vector.task.observe(vector.simulations)]
    observations = np.stack([other.observation for other in others])
    assert np.abs(np.concatenate(parts, axis=1) - observations).max() < 1e-8
    assert (states.observation.numpy() == observations.astype(np.float32)).all()
    assert states.reward.tolist() == [np.float32(other.reward) for other in others]
    assert states.done.tolist() == [other.done for other in others]
    assert states.mask.tolist() == [1.0 - other.terminated for other in others]
    for i, other in enumerate(others):
        if other.info:
            assert abs(vector.outcome.reward[i] - other.reward) < 1e-8
            check_terms({term: values[i] for term, values in vector.outcome.terms.items()}, other.info)


def check_terms(terms, info):
    if "forward_reward" in info and "reward_contact" in terms:  # Ant-v4 writes the one over the other
        terms.pop("reward_ctrl")
    for term, value in terms.items():
        found = [info[key] for key in (term, *OLD_NAMES.get(term, ())) if key in info]
        assert not found or abs(value - found[0]) < 1e-8, term


@pytest.mark.parametrize("name", names())
@pytest.mark.filterwarnings("ignore:.*is out of date")
def test_every_task_is_gymnasiums(name):
    assert check_against_gymnasium(name, {"max_episode_steps": 40}, steps=100, n=2) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
@pytest.mark.filterwarnings("ignore:.*is out of date")
def test_every_task_is_gymnasiums_for_long(name):
    check_against_gymnasium(name, {}, steps=1001)


@pytest.mark.parametrize(("name", "options"), OPTIONS)
@pytest.mark.filterwarnings("ignore:.*is out of date")
def test_options_are_gymnasiums(name, options):
    check_against_gymnasium(name, options, steps=80, n=2)


def test_a_random_stream_is_kept_over_resets_without_a_seed():
    vector, other = MujocoEnvironment("Reacher-v5").duplicate(2), gymnasium.make("Reacher-v5")
    vector.reset(seed=7)
    other.reset(seed=7)
    first, _ = other.reset()
    assert vector.reset().observation[0].numpy() == pytest.approx(first.astype(np.float32), abs=0)


def test_the_number_of_threads_changes_nothing(monkeypatch):
    seen = []
    for cores in (1, 3):
        monkeypatch.setattr(all_mujoco.simulations, "simulator_threads", lambda cores=cores: cores)
        vector = MujocoEnvironment("Ant-v5").duplicate(8)
        vector.reset(seed=0)
        actions = torch.linspace(-1, 1, 64).view(8, 8)
        seen.append(torch.stack([vector.step(actions).observation for _ in range(60)]))
    assert torch.equal(*seen)


@pytest.mark.parametrize(
    ("name", "pairs"), [("HalfCheetah-v5", 8), ("Ant-v5", 13), ("Hopper-v5", 0), ("Humanoid-v5", 0)]
)
def test_contacts_are_pairs_where_only_the_floor_is_touched(name, pairs):
    model = MujocoEnvironment(name).duplicate(2).simulations.model
    assert model.npair == pairs
    assert model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_ISLAND


def test_states_stay_as_they_were():
    check_states_stay(MujocoEnvironment("InvertedPendulum-v5").duplicate(2))


@pytest.mark.parametrize(
    "options", [{"render_mode": "rgb_array"}, {"xml_file": "half_cheetah.xml"}, {"width": 100}]
)
def test_gymnasiums_vector_does_what_the_batch_cannot(options):
    env = MujocoEnvironment("HalfCheetah-v5", **options)
    assert isinstance(env.duplicate(2), GymVectorEnvironment)


def test_gymnasiums_vector_does_what_an_old_mujoco_cannot(monkeypatch):
    monkeypatch.delitem(sys.modules, "all_mujoco.vector")
    monkeypatch.setitem(sys.modules, "mujoco.batch", None)
    monkeypatch.delitem(sys.modules, "all_mujoco.simulations")
    assert isinstance(MujocoEnvironment("HalfCheetah-v5").duplicate(2), GymVectorEnvironment)


def test_what_belongs_to_another_vector_is_refused():
    vector = MujocoEnvironment("Hopper-v5").duplicate(2)
    assert vector.state_dict() is None
    vector.reset(seed=0)
    saved = vector.state_dict()
    with pytest.raises(CheckpointError, match="another kind or number"):
        MujocoEnvironment("Hopper-v5").duplicate(3).load_state_dict(saved)
    with pytest.raises(CheckpointError, match="another kind or number"):
        vector.load_state_dict({"moment": {}, "state": saved["state"]})


def test_mistakes_are_named():
    env = MujocoEnvironment("Hopper-v5")
    with pytest.raises(UsageError, match="at least one environment"):
        env.duplicate(0)
    with pytest.raises(UsageError, match="Call reset"):
        env.duplicate(1).step(np.zeros((1, 3)))
