"""DDPG, TD3, SAC, TQC and CrossQ: what they learn in environments of known value, when they learn, and going on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn
from torch.optim import Adam

from all_agents.agents import DDPG, SAC, TD3, TQC, CrossQ
from allcore.approximation import Approximation, PolyakTarget, QContinuous, QEnsemble
from allcore.checkpoint import load_state, save_state
from allcore.core import StateArray
from allcore.memory import ExperienceReplayBuffer, NStepReplayBuffer, PrioritizedReplayBuffer
from allcore.nn import BatchRenorm, LogTemperature, StackedLinear, fully_connected, stacked_fully_connected
from allcore.policies import DeterministicPolicy, RandomActions, SoftDeterministicPolicy
from allcore.seeding import Seeds
from allcore.testing import (
    PROBES,
    ActionDependent,
    ConstantReward,
    ObservationAndActionDependent,
    Probe,
    Staggered,
    TruncatedForever,
    TwoStep,
    play,
)

SPACE = Box(-1.0, 1.0, (1,), np.float32)
AGENTS = ("ddpg", "td3", "sac", "tqc", "crossq")
every_agent = pytest.mark.parametrize("name", AGENTS)
WIDTH = 32

#: Almost no worth in entropy, so that values are those of rewards alone.
COLD = 1e-4


def _critics(name: str) -> nn.Module:
    if name == "ddpg":
        return fully_connected(4, (WIDTH,), 1, nn.ReLU)
    if name == "tqc":
        return stacked_fully_connected(2, 4, (WIDTH,), 5, nn.ReLU)
    if name == "crossq":
        return nn.Sequential(
            BatchRenorm(4, 2, rate=0.1),
            StackedLinear(2, 4, WIDTH),
            nn.ReLU(),
            BatchRenorm(WIDTH, 2, rate=0.1),
            StackedLinear(2, WIDTH, 1),
        )
    return stacked_fully_connected(2, 4, (WIDTH,), 1, nn.ReLU)


def _agent(name: str, *, lr: float = 0.01, temperature_lr: float = 0.0, **options: Any) -> Any:
    torch.manual_seed(0)
    seeds = Seeds(0)
    critics = _critics(name)
    target = PolyakTarget(0.1, update_frequency=2 if name == "td3" else 1)
    q: Any = (QContinuous if name == "ddpg" else QEnsemble)(
        critics, Adam(critics.parameters(), lr=lr), target=None if name == "crossq" else target
    )
    parts = {
        "q": q,
        "replay_buffer": ExperienceReplayBuffer(1000, generator=seeds.generator("replay")),
        "random_actions": RandomActions(SPACE, seeds.generator("actions")),
    }
    defaults = {"discount_factor": 0.5, "minibatch_size": 64, "replay_start_size": 100}
    if name in ("ddpg", "td3"):
        actor = fully_connected(3, (WIDTH,), 1, nn.ReLU)
        parts["policy"] = DeterministicPolicy(
            actor, Adam(actor.parameters(), lr=0.1 * lr), SPACE, target=PolyakTarget(0.1)
        )
        defaults["noise"] = 0.3
        return (DDPG if name == "ddpg" else TD3)(**(parts | defaults | options))
    actor, log_alpha = fully_connected(3, (WIDTH,), 2, nn.ReLU), LogTemperature(COLD)
    parts["policy"] = SoftDeterministicPolicy(
        actor, Adam(actor.parameters(), lr=0.1 * lr), SPACE, generator=seeds.generator("policy")
    )
    parts["log_temperature"] = Approximation(log_alpha, Adam(log_alpha.parameters(), lr=temperature_lr))
    defaults["target_entropy"] = -1.0
    if name == "tqc":
        defaults["n_dropped"] = 1
    if name == "crossq":
        defaults["policy_delay"] = 1
    return {"sac": SAC, "tqc": TQC, "crossq": CrossQ}[name](**(parts | defaults | options))


def _values(agent: Any, observation: tuple[float, ...], actions: list[float]) -> list[float]:
    """The mean over critics and quantiles of the values of actions after one observation."""
    states = StateArray({"observation": torch.tensor([observation] * len(actions))}, (len(actions),))
    values = agent.q.eval(states, torch.tensor(actions)[:, None])
    if values.dim() == 3:
        values = values.mean(2)
    return (values if values.dim() == 1 else values.mean(0)).tolist()


ACTIONS_MATTER = (ActionDependent, ObservationAndActionDependent)


@pytest.mark.parametrize("probe", [probe for probe in PROBES if probe not in ACTIONS_MATTER])
@every_agent
def test_it_finds_the_values_of(name: str, probe: type[Probe]) -> None:
    agent = play(_agent(name), probe("box"), ticks=450)
    for known in probe("box").values(discount_factor=0.5):
        values = _values(agent, known.observation, list(known.action_values))
        assert values == pytest.approx(list(known.action_values.values()), abs=0.1)


@pytest.mark.parametrize("probe", ACTIONS_MATTER)
@every_agent
def test_it_finds_the_best_action_of(name: str, probe: type[Probe]) -> None:
    agent = play(_agent(name, replay_start_size=150), probe("box"), ticks=1100)
    for known in probe("box").values(discount_factor=0.5):
        near = {
            action: value
            for action, value in known.action_values.items()
            if abs(action - known.best_action) <= 0.5
        }
        values = _values(agent, known.observation, list(near))
        assert values == pytest.approx(list(near.values()), abs=0.25)
        assert agent.policy.eval(known.state).item() == pytest.approx(known.best_action, abs=0.2)


@every_agent
def test_it_finds_the_values_in_environments_that_end_at_different_times(name: str) -> None:
    agent = play(_agent(name), Staggered("box"), ticks=200, n_envs=3)
    for known in Staggered("box").values(discount_factor=0.5):
        values = _values(agent, known.observation, list(known.action_values))
        assert values == pytest.approx(list(known.action_values.values()), abs=0.15)


@pytest.mark.parametrize("n_envs", [None, 3])
@every_agent
def test_the_first_actions_are_any_and_updates_follow_agent_steps(name: str, n_envs: int | None) -> None:
    agent = _agent(name, lr=0.0, replay_start_size=40, update_frequency=3)
    env = Staggered("box") if n_envs is None else Staggered("box").duplicate(n_envs)
    state, asked = env.reset(seed=0), []
    policy = agent.policy.model.forward
    agent.policy.model.forward = lambda *args, **kw: (
        asked.append(agent.replay_buffer.stored) or policy(*args, **kw)
    )
    actions, steps = [], 0
    for _ in range(80 if n_envs is None else 30):
        actions.append(agent.act(state).flatten())
        assert agent.q.updates == max(0, (agent.replay_buffer.stored - 40) // 3)
        assert agent.replay_buffer.stored == steps
        steps += int(torch.count_nonzero(~torch.as_tensor(state.done)))
        state = env.step(agent._action)
    assert min(asked) >= 40
    assert agent.q.updates > 3
    early = torch.cat(actions[:10])
    assert early.min() < -0.5 < 0.5 < early.max()


@pytest.mark.parametrize(("n_envs", "save_at"), [(None, 12), (None, 33), (3, 33)])
@every_agent
def test_a_loaded_agent_goes_on_bit_for_bit(
    name: str, n_envs: int | None, save_at: int, tmp_path: Path
) -> None:
    one, two = (_agent(name, replay_start_size=20, temperature_lr=0.01) for _ in range(2))
    probe = Staggered("box") if n_envs is None else Staggered("box").duplicate(n_envs)
    state = probe.reset(seed=0)
    for tick in range(60):
        if tick == save_at:
            save_state(tmp_path / "agent", one.state_dict())
            two.load_state_dict(load_state(tmp_path / "agent"))
        action = one.act(state)
        assert tick < save_at or torch.equal(two.act(state), action)
        state = probe.step(action)
    for mine, its in ((one.q, two.q), (one.policy, two.policy)):
        for is_, should in zip(
            its.model.state_dict().values(), mine.model.state_dict().values(), strict=True
        ):
            assert torch.equal(is_, should)
    assert one.replay_buffer.stored == two.replay_buffer.stored


@every_agent
def test_prioritised_replay_over_several_steps(name: str) -> None:
    """A reward two steps away comes back, and drawing by errors changes no value."""
    seeds = Seeds(0)
    replay_buffer = NStepReplayBuffer(
        3,
        0.5,
        PrioritizedReplayBuffer(1000, alpha=0.6, beta=0.5, generator=seeds.generator("replay")),
    )
    agent = play(_agent(name, replay_buffer=replay_buffer), TwoStep("box"), ticks=500)
    for known in TwoStep("box").values(discount_factor=0.5):
        values = _values(agent, known.observation, list(known.action_values))
        assert values == pytest.approx(list(known.action_values.values()), abs=0.15)


@pytest.mark.parametrize("name", ["sac", "tqc", "crossq"])
def test_entropy_is_part_of_the_value_until_the_end(name: str) -> None:
    """One observation for ever, reward 1 and a temperature of 1: a policy that nothing pulls is uniform, of entropy log 2.

    So V = (1 + log 2) / (1 - discount_factor), and Q = V - log 2. Where every step is the last, Q is 1: nothing is added
    in a terminal state.
    """
    values = {}
    for probe in (TruncatedForever, ConstantReward):
        agent = _agent(
            name, log_temperature=Approximation(_one := LogTemperature(1.0), Adam(_one.parameters(), lr=0.0))
        )
        play(agent, probe("box"), ticks=600)
        values[probe] = _values(agent, (1.0, 0.0, 0.0), [-0.5, 0.0, 0.5])
    q = (1 + np.log(2)) / 0.5 - np.log(2)
    assert values[TruncatedForever] == pytest.approx([q] * 3, abs=0.25)
    assert values[ConstantReward] == pytest.approx([1.0] * 3, abs=0.1)
