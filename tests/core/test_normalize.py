"""Normalised observations and rewards, by hand and against NumPy, and that nothing of it leaks."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import given, settings, strategies as st

from allcore.agents import Agent, PolicyAgent
from allcore.bodies import NormalizeObservations, NormalizeRewards, observation_moments
from allcore.checkpoint import load_state, save_state
from allcore.core import State, StateArray
from allcore.errors import CheckpointError, DomainError, UsageError
from allcore.experiments import ParallelEnvExperiment, SingleEnvExperiment, evaluate
from allcore.logging import DummyLogger
from allcore.nn import MomentsByName, RunningMoments
from allcore.presets import Preset, PresetBuilder, hyperparameter, load_preset
from allcore.testing.environments import ScriptedEnvironment, ScriptedVectorEnvironment, Step

EPISODES = [
    [Step(1.0), Step(2.0), Step(30.0, terminated=True)],
    [Step(10.0, truncated=True)],
    [Step(0.5), Step(-0.5, life_lost=True), Step(0.0), Step(7.0, terminated=True)],
]


class Recorder(Agent):
    """Keeps what it sees and always does 1."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def act(self, state: Any) -> Any:
        self.seen.append(state)
        return torch.ones(state.shape, dtype=torch.int64)

    def state_dict(self) -> dict[str, Any]:
        return {}


def play(body: Any, env: Any, ticks: int) -> list[Any]:
    """Show `body` the states of `ticks` ticks; the states as they came."""
    states, state = [], env.reset(0)
    for _ in range(ticks):
        states.append(state)
        state = env.step(body.act(state))
    return states


# ---- observations


def test_observations_by_hand():
    agent = Recorder()
    body = NormalizeObservations(agent, RunningMoments((1,)), clip=1.2, epsilon=0.0)
    for value in (1.0, 3.0, 11.0):
        body.act(State({"observation": torch.tensor([value])}))
    # (3 - 2) / 1; (11 - 5) / sqrt(56/3) = 1.39, cut off
    assert [state.observation.item() for state in agent.seen[1:]] == pytest.approx([1.0, 1.2])
    body.act(State({"observation": torch.tensor([-1000.0])}))
    assert agent.seen[-1].observation.item() == pytest.approx(-1.2)


def test_every_state_is_taken_in_once_the_final_ones_too():
    body = NormalizeObservations(Recorder(), RunningMoments((2,)))
    states = play(body, ScriptedVectorEnvironment(EPISODES, 3), 9)
    seen = np.stack([state.observation.numpy() for state in states]).reshape(-1, 2)
    assert body.moments.count == len(seen) == 27
    np.testing.assert_allclose(body.moments.mean, seen.mean(0))
    np.testing.assert_allclose(body.moments.var, seen.var(0))
    assert sum(bool(state.done.any()) for state in states) > 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), envs=st.integers(1, 4), ticks=st.integers(1, 8))
def test_observations_equal_numpys(seed, envs, ticks):
    data = np.random.default_rng(seed).normal(3.0, 5.0, (ticks, envs, 2)).astype(np.float32)
    agent = Recorder()
    body = NormalizeObservations(agent, RunningMoments((2,)), clip=1.5, epsilon=1e-4)
    for tick in range(ticks):
        states = StateArray({"observation": torch.from_numpy(data[tick])}, (envs,))
        body.act(states)
        assert states.observation is not agent.seen[tick].observation
        so_far = data[: tick + 1].reshape(-1, 2).astype(np.float64)
        expected = (data[tick] - so_far.mean(0)) / np.sqrt(so_far.var(0) + 1e-4)
        found = agent.seen[tick].observation
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found, expected.clip(-1.5, 1.5), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(states.observation, data[-1])  # what the environment gave is untouched


def test_one_environment_and_a_vector_of_one_see_the_same():
    agents = Recorder(), Recorder()
    single, vector = (
        NormalizeRewards(NormalizeObservations(agent, RunningMoments((2,))), RunningMoments(), 0.9)
        for agent in agents
    )
    play(single, ScriptedEnvironment(EPISODES), 12)
    play(vector, ScriptedVectorEnvironment(EPISODES, 1), 12)
    for one, array in zip(agents[0].seen, agents[1].seen, strict=True):
        assert isinstance(one.reward, float)
        assert torch.equal(one.observation, array.observation[0])
        assert torch.tensor(one.reward) == array.reward[0]
        assert (one.done, one.mask) == (array.done[0], array.mask[0])


def test_parts_are_normalised_part_by_part_and_images_are_left_alone():
    space = spaces.Dict(
        {
            "image": spaces.Box(0, 255, (1, 2, 2), np.uint8),
            "arm": spaces.Dict({"pose": spaces.Box(-9, 9, (2,), np.float64)}),
            "pair": spaces.Tuple([spaces.Discrete(3), spaces.Box(-1, 1, (), np.float32)]),
        }
    )
    moments = observation_moments(space)
    assert isinstance(moments, MomentsByName)
    assert {name: part.shape for name, part in moments.items()} == {
        "observation.arm.pose": (2,),
        "observation.pair.1": (),
    }
    agent = Recorder()
    body = NormalizeObservations(agent, moments, epsilon=0.0)
    state = StateArray(
        {
            "observation.image": torch.full((2, 1, 2, 2), 7, dtype=torch.uint8),
            "observation.arm.pose": torch.tensor([[1.0, 2.0], [3.0, 6.0]]),
            "observation.pair.0": torch.tensor([1, 2]),
            "observation.pair.1": torch.tensor([10.0, 20.0]),
        },
        (2,),
    )
    body.act(state)
    (seen,) = agent.seen
    assert seen.keys() == state.keys()
    assert seen["observation.image"] is state["observation.image"]
    assert seen["observation.pair.0"] is state["observation.pair.0"]
    assert seen["observation.arm.pose"].tolist() == [[-1, -1], [1, 1]]
    assert seen["observation.pair.1"].tolist() == [-1, 1]


def test_images_have_nothing_to_normalise():
    with pytest.raises(DomainError, match="no part of them is a real number"):
        observation_moments(spaces.Box(0, 255, (4, 84, 84), np.uint8))
    body = NormalizeObservations(Recorder(), RunningMoments((1, 2, 2)))
    with pytest.raises(UsageError, match="uint8"):
        body.act(State({"observation": torch.zeros((1, 2, 2), dtype=torch.uint8)}))
    moments = observation_moments(spaces.Box(-1, 1, (3,), np.float64))
    assert isinstance(moments, RunningMoments)
    assert moments.shape == (3,)


# ---- rewards


def test_rewards_by_hand():
    agent = Recorder()
    body = NormalizeRewards(agent, RunningMoments(), 0.5, epsilon=0.0, clip=3.5)
    rewards = [(0.0, False), (4.0, False), (2.0, True), (99.0, False), (6.0, False), (-10.0, False)]
    for reward, done in rewards:
        body.act(State({"observation": torch.zeros(1), "reward": reward, "done": done}))
    # sums: 4 | 2 + 2 = 4, the end | a beginning | 6 | 3 - 10 = -7
    seen = [state.reward for state in agent.seen]
    assert seen[0] == seen[3] == 0.0  # beginnings
    assert seen[1] == seen[2] == 3.5  # no deviation yet
    assert seen[4] == pytest.approx(3.5)  # 6 / std(4, 4, 6) = 6.4
    assert seen[5] == pytest.approx(-10 / np.std([4, 4, 6, -7]))
    assert body.moments.count == 4
    assert body.moments.mean.item() == pytest.approx(np.mean([4, 4, 6, -7]))


def expected_rewards(states: list[Any], discount_factor: float, clip: float) -> tuple[Any, list[float]]:
    """What the agent should see, `[T, E]`, and all discounted sums, environment by environment."""
    envs = len(states[0])
    sums, fresh, taken_in = [0.0] * envs, [True] * envs, []
    seen = np.zeros((len(states), envs))
    for tick, state in enumerate(states):
        stepped = [env for env in range(envs) if not fresh[env]]
        for env in stepped:
            sums[env] = discount_factor * sums[env] + float(state.reward[env])
        taken_in += [sums[env] for env in stepped]
        for env in stepped:
            scaled = float(state.reward[env]) / np.sqrt(np.var(taken_in) + 1e-8)
            seen[tick, env] = np.clip(scaled, -clip, clip)
        for env in range(envs):
            fresh[env] = bool(state.done[env])
            if fresh[env]:
                sums[env] = 0.0
    return seen, taken_in


@pytest.mark.parametrize("envs", [1, 2, 3])
@pytest.mark.parametrize("discount_factor", [0.0, 0.9, 1.0])
def test_rewards_equal_numpys_whatever_ends_an_episode_and_when(envs, discount_factor):
    agent = Recorder()
    body = NormalizeRewards(agent, RunningMoments(), discount_factor, clip=1.5)
    states = play(body, ScriptedVectorEnvironment(EPISODES, envs), 25)
    expected, sums = expected_rewards(states, discount_factor, 1.5)
    found = torch.stack([state.reward for state in agent.seen])
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert body.moments.count == len(sums)
    assert float(body.moments.mean) == pytest.approx(np.mean(sums))
    assert float(body.moments.var) == pytest.approx(np.var(sums))


@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), 1e38])
def test_the_reward_of_a_beginning_moves_nothing(garbage):
    clean, poisoned = Recorder(), Recorder()
    bodies = [NormalizeRewards(agent, RunningMoments(), 0.9) for agent in (clean, poisoned)]
    done = torch.tensor([True, False])  # as of the tick before
    for tick, (reward, now) in enumerate([(5.0, 0), (1.0, 1), (2.0, 0), (3.0, 1), (4.0, 0), (1.0, 0)]):
        rewards = torch.tensor([reward, reward + 1])
        dones = torch.tensor([bool(now), tick == 2])
        for body, filling in zip(bodies, (0.0, garbage), strict=True):
            begins = torch.tensor([True, True]) if tick == 0 else done
            shown = torch.where(begins, filling, rewards)
            body.act(StateArray({"observation": torch.zeros(2, 1), "reward": shown, "done": dones}, (2,)))
        done = dones
    for one, other in zip(clean.seen, poisoned.seen, strict=True):
        assert torch.equal(one.reward, other.reward)
    assert torch.equal(bodies[0].moments.var, bodies[1].moments.var)


def test_tensors_that_are_written_to_again_do_no_harm():
    agents = Recorder(), Recorder()
    bodies = [NormalizeRewards(agent, RunningMoments(), 0.9) for agent in agents]
    rewards, dones = torch.zeros(2), torch.zeros(2, dtype=torch.bool)
    for state in play(Recorder(), ScriptedVectorEnvironment(EPISODES, 2), 12):
        bodies[0].act(state)
        rewards.copy_(state.reward)
        dones.copy_(state.done)
        bodies[1].act(StateArray({"observation": torch.zeros(2, 1), "reward": rewards, "done": dones}, (2,)))
    for one, other in zip(agents[0].seen, agents[1].seen, strict=True):
        assert torch.equal(one.reward, other.reward)


def test_whole_rewards_are_rewards():
    agents = Recorder(), Recorder()
    for agent, kind in zip(agents, (int, float), strict=True):
        body = NormalizeRewards(agent, RunningMoments(), 0.9)
        for reward in (0, 3, -5):
            body.act(State({"observation": torch.zeros(1), "reward": kind(reward)}))
    assert [state.reward for state in agents[0].seen] == [state.reward for state in agents[1].seen]
    whole = StateArray({"observation": torch.zeros(2, 1), "reward": torch.tensor([1, 2])}, (2,))
    assert (
        NormalizeRewards(Recorder(), RunningMoments(), 0.9).process_state(whole).reward.dtype == torch.float32
    )


def test_loaded_sums_follow_the_states_to_their_device():
    # The device `meta` has no numbers, but like any other it cannot be mixed with the CPU.
    def states(device):
        return StateArray({"observation": torch.zeros(2, 1, device=device)}, (2,))

    saved, resumed = (NormalizeRewards(Recorder(), RunningMoments(), 0.9, learn=False) for _ in range(2))
    saved.act(states("cpu"))
    resumed.load_state_dict(saved.state_dict())
    resumed.moments.to("meta")
    assert resumed.process_state(states("meta")).reward.device.type == "meta"


def test_a_life_lost_ends_no_sum():
    body = NormalizeRewards(Recorder(), RunningMoments(), 0.5)
    for reward, mask in ((0.0, 1.0), (8.0, 0.0), (0.0, 1.0)):
        body.act(State({"observation": torch.zeros(1), "reward": reward, "mask": mask}))
    assert body.moments.mean.item() == 6.0  # of 8 and 4


# ---- frozen, saved, resumed


@pytest.mark.parametrize(
    "make",
    [
        lambda learn: NormalizeObservations(Recorder(), RunningMoments((2,)), learn=learn),
        lambda learn: NormalizeRewards(Recorder(), RunningMoments(), 0.9, learn=learn),
    ],
)
def test_frozen_moments_stay_and_are_used(make):
    learning, frozen = make(True), make(False)
    play(learning, ScriptedVectorEnvironment(EPISODES, 2), 10)
    frozen.moments.load_state_dict(learning.moments.state_dict())
    before = copy.deepcopy(frozen.moments.state_dict())
    states = play(frozen, ScriptedVectorEnvironment(EPISODES, 2), 10)
    assert all(torch.equal(value, before[name]) for name, value in frozen.moments.state_dict().items())
    deviation = torch.sqrt(frozen.moments.var + 1e-8)
    last, seen = states[-1], frozen.agent.seen[-1]
    if isinstance(frozen, NormalizeObservations):
        expected = (last.observation - frozen.moments.mean) / deviation
        torch.testing.assert_close(seen.observation, expected.float())
    else:
        torch.testing.assert_close(seen.reward, (last.reward / deviation).float())


def wrapped(agent: Agent) -> NormalizeRewards:
    return NormalizeRewards(NormalizeObservations(agent, RunningMoments((2,))), RunningMoments(), 0.9)


@pytest.mark.parametrize("before", range(8))
@pytest.mark.parametrize("envs", [None, 2])
def test_a_body_saved_and_loaded_goes_on_to_the_bit(tmp_path, before, envs):
    agents = Recorder(), Recorder()
    original, loaded = (wrapped(agent) for agent in agents)
    env = ScriptedEnvironment(EPISODES) if envs is None else ScriptedVectorEnvironment(EPISODES, envs)
    states = play(Recorder(), env, 20)
    for state in states[:before]:
        original.act(state)
    save_state(tmp_path / "state", original.state_dict())
    loaded.load_state_dict(load_state(tmp_path / "state"))
    for state in states[before:]:
        original.act(state)
        loaded.act(state)
    for one, other in zip(agents[0].seen[before:], agents[1].seen, strict=True):
        assert torch.equal(torch.as_tensor(one.reward), torch.as_tensor(other.reward))
        assert torch.equal(one.observation, other.observation)
    moments = original.agent.moments, loaded.agent.moments
    assert torch.equal(moments[0].var, moments[1].var)
    assert torch.equal(original.moments.var, loaded.moments.var)


def test_saved_sums_are_not_those_in_use():
    """A state that was taken before the next tick must not change with it."""
    body = wrapped(Recorder())
    env = ScriptedVectorEnvironment(EPISODES, 2)
    play(body, env, 3)
    saved = body.state_dict()
    sums, done = saved["sums"].clone(), saved["done"].clone()
    body.act(env.step(torch.ones(2)))
    assert torch.equal(saved["sums"], sums)
    assert torch.equal(saved["done"], done)


def test_moments_of_other_observations_are_refused():
    saved = NormalizeObservations(Recorder(), RunningMoments((3,))).state_dict()
    with pytest.raises(CheckpointError, match="saved moments do not fit"):
        NormalizeObservations(Recorder(), RunningMoments((2,))).load_state_dict(saved)
    saved = NormalizeRewards(Recorder(), RunningMoments((3,)), 0.9).state_dict()
    with pytest.raises(CheckpointError, match="saved moments do not fit"):
        NormalizeRewards(Recorder(), RunningMoments(), 0.9).load_state_dict(saved)


# ---- in a preset


class NormalizedPreset(Preset):
    """An agent that only looks, through both bodies; its policy tells what a test agent sees."""

    parallel = True

    def __init__(self, setting: Any) -> None:
        super().__init__(setting)
        self.observation_moments = observation_moments(setting.observation_space)
        self.reward_moments = RunningMoments()
        self.shown: list[Any] = []

    def agent(self, logger: Any = None, train_steps: float = float("inf")) -> Any:
        inside = NormalizeObservations(Recorder(), self.observation_moments)
        return NormalizeRewards(inside, self.reward_moments, 0.9)

    def test_agent(self) -> Any:
        def policy(state: Any) -> Any:
            self.shown.append(state)
            return torch.zeros(state.shape, dtype=torch.int64)

        return NormalizeObservations(
            PolicyAgent(policy), copy.deepcopy(self.observation_moments), learn=False
        )

    def parallel_test_agent(self) -> Any:
        return self.test_agent()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    n_envs: int = hyperparameter(2, "Environments at once.")


BUILDER = PresetBuilder("test.normalized", Hyperparameters(), NormalizedPreset, lambda *_: None)


class Keeper(DummyLogger):
    def __init__(self) -> None:
        super().__init__()
        self.returns: list[float] = []

    def episode(self, episode: Any) -> None:
        self.returns.append(episode["return"])


def normalized_preset() -> Any:
    return BUILDER.env(ScriptedEnvironment(EPISODES)).seed(0).build()


@pytest.mark.parametrize("experiment", [SingleEnvExperiment, ParallelEnvExperiment])
def test_what_is_logged_are_the_environments_own_rewards(experiment):
    preset, keeper = normalized_preset(), Keeper()
    experiment(preset, ScriptedEnvironment(EPISODES), logger=keeper).train(frames=24)
    # the states after the last step have not been shown to the agent
    assert preset.reward_moments.count == 24 - (2 if experiment is ParallelEnvExperiment else 1)
    assert len(keeper.returns) >= 8
    assert set(keeper.returns) == {33.0, 10.0, 7.0}


def test_evaluation_uses_the_moments_as_they_are_and_changes_nothing():
    preset = normalized_preset()
    SingleEnvExperiment(preset, ScriptedEnvironment(EPISODES)).train(frames=20)
    before = copy.deepcopy(preset.state_dict())
    tester = preset.test_agent()
    play(preset.agent(), ScriptedVectorEnvironment(EPISODES, 2), 30)  # training goes on meanwhile
    assert preset.observation_moments.count > before["observation_moments.count"]
    states = play(tester, ScriptedEnvironment(EPISODES), 10)
    deviation = torch.sqrt(before["observation_moments.var"] + 1e-8)
    for state, shown in zip(states, preset.shown, strict=True):
        expected = (state.observation - before["observation_moments.mean"]) / deviation
        torch.testing.assert_close(shown.observation, expected.float().clamp(-10, 10))
        assert shown.reward == state.reward
    now = copy.deepcopy(preset.state_dict())
    tester = preset.parallel_test_agent()
    found = evaluate(tester, ScriptedVectorEnvironment(EPISODES, 3), episodes=3, seed=0)
    assert sorted(found["returns"]) == [7.0, 10.0, 33.0]
    assert all(torch.equal(value, now[name]) for name, value in preset.state_dict().items())
    assert all(
        torch.equal(value, now[f"observation_moments.{name}"])
        for name, value in tester.moments.state_dict().items()
    )


def test_a_saved_preset_keeps_its_moments(tmp_path):
    preset = normalized_preset()
    play(preset.agent(), ScriptedVectorEnvironment(EPISODES, 2), 10)
    preset.save(tmp_path / "preset")
    loaded: Any = load_preset(tmp_path / "preset", builder=BUILDER)
    assert loaded.observation_moments.count == 20
    assert loaded.reward_moments.count > 0
    for one, other in zip(loaded.buffers(), preset.buffers(), strict=True):
        assert torch.equal(one, other)
    for owner in (preset, loaded):
        owner.test_agent().act(State({"observation": torch.tensor([1.0, 2.0])}))
    assert torch.equal(preset.shown[0].observation, loaded.shown[0].observation)
