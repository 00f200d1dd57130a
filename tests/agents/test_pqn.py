"""PQN: a rollout's updates by hand, reset ticks that must not count, what it learns in probes, and resuming."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from all_agents.agents import PQN
from allcore.approximation import QNetwork
from allcore.core import StateArray
from allcore.memory import RolloutBuffer
from allcore.nn import fully_connected_normalized
from allcore.optim import Linear, Schedule
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import PROBES, Probe, play, slopes

LR, GAMMA, LAM, CLIP = 0.1, 0.9, 0.7, 0.5
STEPS, ENVS, WIDTH = 4, 3, 5

RNG = np.random.default_rng(0)
OBSERVATIONS = RNG.normal(size=(STEPS + 1, ENVS, 2))
REWARDS = RNG.normal(size=(STEPS + 1, ENVS))
# Environment 0 goes on; 1 terminates at tick 1 and begins anew at tick 2; 2 loses a life at tick 1, is cut off at tick 3
# and begins anew at tick 4.
DONES = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
MASKS = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 1], [1, 1, 1], [1, 1, 1]], dtype=float)
ACTIONS = RNG.integers(2, size=(STEPS, ENVS))


def _network() -> nn.Sequential:
    torch.manual_seed(5)
    return fully_connected_normalized(2, (WIDTH,), 2)


def _agent(
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    clip: float = 0.0,
    schedule: Schedule | None = None,
    **options: object,
) -> PQN:
    seeds = Seeds(0)
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=LR)
    q = QNetwork(model, optimizer, clip_grad=clip, learning_rate_schedule=schedule)
    defaults = {"discount_factor": GAMMA, "lam": LAM, "n_epochs": 2, "n_minibatches": 2}
    return PQN(
        q,
        GreedyPolicy(q, 2, epsilon=0.5, generator=seeds.generator("policy")),
        RolloutBuffer(STEPS),
        generator=seeds.generator("minibatches"),
        **(defaults | options),
    )


def _tick(tick: int, observations: np.ndarray = OBSERVATIONS, rewards: np.ndarray = REWARDS) -> StateArray:
    entries = {
        "observation": torch.tensor(observations[tick], dtype=torch.float32),
        "reward": torch.tensor(rewards[tick], dtype=torch.float32),
        "done": torch.tensor(DONES[tick]),
        "mask": torch.tensor(MASKS[tick], dtype=torch.float32),
    }
    return StateArray(entries, (ENVS,))


def _rollout(agent: PQN, **given: np.ndarray) -> None:
    """All ticks, with the actions written down, so that the last one makes it learn."""
    chosen = iter(torch.tensor(ACTIONS))
    agent.policy.no_grad = lambda states: next(chosen, torch.zeros(ENVS).long())  # type: ignore[method-assign]
    for tick in range(STEPS + 1):
        agent.act(_tick(tick, **given))


def _q(x: np.ndarray, *parameters: np.ndarray) -> np.ndarray:
    """Linear, layer normalisation, ReLU, linear: values `[..., 2]` of observations `[..., 2]`."""
    weight, bias, gain, shift, last_weight, last_bias = parameters
    hidden = x @ weight.T + bias
    hidden = (hidden - hidden.mean(-1, keepdims=True)) / np.sqrt(hidden.var(-1, keepdims=True) + 1e-5)
    return np.maximum(hidden * gain + shift, 0) @ last_weight.T + last_bias


def _returns(values: np.ndarray) -> np.ndarray:
    """Returns `[T, E]` from the greatest values of all states `[T + 1, E]`: weighted sums of n-step returns."""
    result = np.zeros((STEPS, ENVS))
    for env in range(ENVS):
        for start in range(STEPS):
            total, share, rewards = 0.0, 1.0, 0.0
            for n in range(1, STEPS - start + 1):
                there = start + n
                rewards += GAMMA ** (n - 1) * REWARDS[there, env]
                n_step = rewards + GAMMA**n * MASKS[there, env] * values[there, env]
                if there == STEPS or DONES[there, env] or MASKS[there, env] == 0:
                    total += share * n_step
                    break
                total += share * (1 - LAM) * n_step
                share *= LAM
            result[start, env] = total
    return result


@pytest.mark.parametrize("clip", [0.0, CLIP])
def test_a_rollouts_updates_equal_the_equations(clip: float) -> None:
    """Two passes in two minibatches each over a rollout with a terminated, a truncated and a life-lost step."""
    model = _network()
    agent = _agent(model, clip=clip)
    parameters = [parameter.detach().double().numpy().copy() for parameter in model.parameters()]
    generator = copy.deepcopy(agent._generator)
    _rollout(agent)

    targets = _returns(_q(OBSERVATIONS, *parameters).max(-1)).flatten()
    weights = 1.0 - DONES[:-1].flatten()
    x, actions, clipped = OBSERVATIONS[:-1].reshape(-1, 2), ACTIONS.flatten(), 0
    for _ in range(2):
        for rows in torch.randperm(STEPS * ENVS, generator=generator).view(2, -1).numpy():

            def loss(*new: np.ndarray, rows: np.ndarray = rows) -> float:
                errors = _q(x[rows], *new)[np.arange(len(rows)), actions[rows]] - targets[rows]
                return float((weights[rows] * 0.5 * errors**2).sum() / weights[rows].sum())

            gradient = slopes(loss, *parameters)
            norm = np.sqrt(sum((part**2).sum() for part in gradient))
            clipped += norm > CLIP
            factor = min(1.0, clip / norm) if clip else 1.0
            parameters = [
                value - LR * factor * part for value, part in zip(parameters, gradient, strict=True)
            ]
    assert clipped > 0
    for is_, should in zip(model.parameters(), parameters, strict=True):
        assert is_.detach().numpy() == pytest.approx(should, abs=1e-5)
    assert agent.q.updates == 4


def test_what_stands_in_a_reset_tick_reaches_nothing() -> None:
    """The reward on beginning anew and the action that was ignored may be anything, infinity included."""
    models = [_network(), _network()]
    _rollout(_agent(models[0]))
    rewards = REWARDS.copy()
    rewards[2, 1], rewards[4, 2] = np.inf, np.nan
    before = ACTIONS[1, 1], ACTIONS[3, 2]
    try:
        ACTIONS[1, 1], ACTIONS[3, 2] = 1 - before[0], 1 - before[1]
        _rollout(_agent(models[1]), rewards=rewards)
    finally:
        ACTIONS[1, 1], ACTIONS[3, 2] = before
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert one.isfinite().all()
        assert torch.equal(one, other)


def test_it_learns_when_a_rollout_is_complete_and_not_before() -> None:
    agent = _agent(_network(), n_epochs=3, n_minibatches=4)
    updates = []
    for tick in (0, 1, 2, 3, 4, 1, 2, 3, 0):
        agent.act(_tick(tick))
        updates.append(agent.q.updates)
    assert updates == [0, 0, 0, 0, 12, 12, 12, 12, 24]


def test_all_states_are_asked_about_once_before_the_first_update() -> None:
    agent = _agent(_network(), n_epochs=5)
    asked = []
    action_values = agent.q.action_values
    agent.q.action_values = lambda states: asked.append(states.shape) or action_values(states)  # type: ignore
    _rollout(agent)
    assert asked == [((STEPS + 1) * ENVS,)]


@pytest.mark.parametrize("n_envs", [1, 4])
@pytest.mark.parametrize("probe", PROBES)
def test_it_learns_the_values_of_probes(probe: type[Probe], n_envs: int) -> None:
    torch.manual_seed(0)
    model = fully_connected_normalized(3, (16,), 2)
    optimizer = torch.optim.RAdam(model.parameters(), lr=0.03)
    ticks = 801 if n_envs == 1 else 401
    agent = _agent(
        model,
        optimizer,
        clip=10.0,
        schedule=Linear(1.0, 0.0, 0, ticks),
        discount_factor=0.5,
        n_epochs=4,
        n_minibatches=1,
    )
    agent.policy.epsilon = lambda step: 1.0
    agent.lam = 0.0  # actions are random: returns of more steps would be those of random actions
    play(agent, probe(), ticks, n_envs=n_envs)
    assert agent.q.updates == ticks - 1
    for known in probe().values(0.5):
        values = agent.q.no_grad(known.state)
        for action, value in known.action_values.items():
            assert values[int(action)].item() == pytest.approx(value, abs=0.1)


def test_a_resumed_agent_goes_on_as_if_nothing_had_happened() -> None:
    agent, other = _agent(_network()), _agent(_network())
    for tick in (0, 1, 2, 3, 4, 1, 2):
        agent.act(_tick(tick))
    other.load_state_dict(copy.deepcopy(agent.state_dict()))
    for tick in (3, 4, 0, 1, 2, 3, 4, 0):
        assert torch.equal(agent.act(_tick(tick)), other.act(_tick(tick)))
    assert agent.q.updates == other.q.updates == 12
    for mine, its in zip(agent.q.model.parameters(), other.q.model.parameters(), strict=True):
        assert torch.equal(mine, its)
