"""Discrete SAC: one update worked out with NumPy, its first actions, what it learns in probes, and resuming."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, Optimizer

from all_agents.agents import DiscreteSAC
from allcore.approximation import Approximation, PolyakTarget, QDiscreteEnsemble
from allcore.core import State
from allcore.logging import DummyLogger
from allcore.memory import ExperienceReplayBuffer
from allcore.nn import LogTemperature, StackedLinear
from allcore.policies import RandomChoices, SoftmaxPolicy
from allcore.seeding import Seeds
from allcore.testing import PROBES, ActionDependent, OneMinibatch, Probe, TwoStep, play, slopes

RATE, LR_Q, LR_PI, LR_ALPHA, DISCOUNT, ALPHA, TARGET_ENTROPY = 0.1, 0.01, 0.05, 0.5, 0.9, 0.3, 0.6

X, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
ACTIONS, REWARDS = np.array([0, 2, 1, 1, 0]), np.arange(5.0)
MASKS, STEPS = np.array([1.0, 0.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0, 2.0, 1.0])
WEIGHTS = np.array([0.5, 1.0, 0.8, 0.2, 1.0])


def _agent(
    actor: nn.Module,
    critics: nn.Module,
    n_actions: int,
    optimizer: type[Optimizer] = SGD,
    rates: tuple[float, float, float] = (LR_PI, LR_Q, LR_ALPHA),
    **options: object,
) -> DiscreteSAC:
    seeds, log_alpha = Seeds(0), LogTemperature(ALPHA)
    lr_pi, lr_q, lr_alpha = rates
    defaults = {"target_entropy": TARGET_ENTROPY, "discount_factor": DISCOUNT, "minibatch_size": 32}
    return DiscreteSAC(
        SoftmaxPolicy(actor, optimizer(actor.parameters(), lr=lr_pi), generator=seeds.generator("policy")),
        QDiscreteEnsemble(critics, optimizer(critics.parameters(), lr=lr_q), target=PolyakTarget(RATE)),
        Approximation(log_alpha, optimizer(log_alpha.parameters(), lr=lr_alpha)),
        ExperienceReplayBuffer(1000, generator=seeds.generator("replay")),
        RandomChoices(n_actions, seeds.generator("actions")),
        **(defaults | {"replay_start_size": 10, "update_frequency": 1} | options),
    )


def _numbers(module: nn.Module) -> list[np.ndarray]:
    return [parameter.detach().double().numpy().copy() for parameter in module.parameters()]


def _q(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Both critics' values `[2, N, 3]`."""
    return np.stack([x @ weight[index] + bias[index] for index in (0, 1)])


def _pi(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Probabilities `[N, 3]`."""
    exponentials = np.exp(x @ weight.T + bias)
    return exponentials / exponentials.sum(1, keepdims=True)


def test_one_update_equals_the_equations() -> None:
    torch.manual_seed(4)
    agent = _agent(nn.Linear(2, 3), StackedLinear(2, 2, 3), 3, replay_start_size=-1)
    with torch.no_grad():  # the critics are no longer those of the target network
        for parameter in agent.q.model.parameters():
            parameter.add_(0.1)
    agent.replay_buffer = OneMinibatch(X, ACTIONS, REWARDS, Y, masks=MASKS, steps=STEPS, weights=WEIGHTS)
    actor, critics = _numbers(agent.policy.model), _numbers(agent.q.model)
    target = _numbers(agent.q._target._target)
    agent._train()

    # equations 4 and 10 of the paper, with the least of two targets
    pi = _pi(Y, *actor)
    least = _q(Y, *target).min(0)
    assert len(set(_q(Y, *target).argmin(0).flatten())) == 2
    targets = REWARDS + DISCOUNT**STEPS * MASKS * (pi * (least - ALPHA * np.log(pi))).sum(1)
    taken = np.arange(5), ACTIONS
    errors = np.stack([np.abs(targets - values[taken]) for values in _q(X, *critics)]).mean(0)

    def critics_loss(*new: np.ndarray) -> float:
        return sum(np.mean(WEIGHTS * 0.5 * (targets - values[taken]) ** 2) for values in _q(X, *new))

    slope = slopes(critics_loss, *critics)
    new_critics = [number - LR_Q * part for number, part in zip(critics, slope, strict=True)]

    # equation 12, with the new critics
    def actor_loss(*new: np.ndarray) -> float:
        pi = _pi(X, *new)
        return float(np.mean((pi * (ALPHA * np.log(pi) - _q(X, *new_critics).min(0))).sum(1)))

    new_actor = [
        number - LR_PI * part for number, part in zip(actor, slopes(actor_loss, *actor), strict=True)
    ]
    # equation 11, with the logarithm in alpha's place, at the actor as it was
    pi = _pi(X, *actor)
    log_alpha = np.log(ALPHA) + LR_ALPHA * np.mean((pi * (np.log(pi) + TARGET_ENTROPY)).sum(1))

    for is_, should in zip(_numbers(agent.q.model), new_critics, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    for is_, should in zip(_numbers(agent.policy.model), new_actor, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    assert agent.log_temperature().item() == pytest.approx(log_alpha, abs=1e-5)
    followed = [(1 - RATE) * old + RATE * new for old, new in zip(target, new_critics, strict=True)]
    for is_, should in zip(_numbers(agent.q._target._target), followed, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    (priorities,) = agent.replay_buffer.priorities
    assert priorities.numpy() == pytest.approx(errors, abs=1e-5)
    assert not priorities.requires_grad
    assert all(parameter.grad is None for parameter in agent.q.model.parameters())


def test_its_first_actions_are_random_and_the_others_the_policys() -> None:
    """A policy that always takes action 2."""
    actor = nn.Linear(2, 3)
    with torch.no_grad():
        actor.bias.copy_(torch.tensor([0.0, 0.0, 100.0]))
    agent = _agent(actor, StackedLinear(2, 2, 3), 3, rates=(0.0, 0.0, 0.0), replay_start_size=200)
    states = [State({"observation": torch.zeros(2)}) for _ in range(260)]
    actions = [agent.act(state).item() for state in states]
    assert np.bincount(actions[:200], minlength=3).min() > 40
    assert actions[200:] == [2] * 60
    assert agent.q.updates == 59


class Remembering(DummyLogger):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, float]] = []

    def debug(self, name: str, value: torch.Tensor, step: int) -> None:
        self.kept.append((name, value.item()))


def test_it_logs_temperature_and_entropy() -> None:
    actor = nn.Linear(2, 3)
    nn.init.zeros_(actor.weight)
    nn.init.zeros_(actor.bias)
    logger = Remembering()
    agent = _agent(
        actor,
        StackedLinear(2, 2, 3),
        3,
        rates=(0.0, 0.0, 0.0),
        replay_start_size=-6,
        logger=logger,
        log_interval=4,
    )
    agent.replay_buffer = OneMinibatch(X, ACTIONS, REWARDS, Y)
    agent._train()
    assert [name for name, _ in logger.kept] == ["policy/temperature", "policy/entropy"] * 2
    assert [value for _, value in logger.kept] == pytest.approx([ALPHA, np.log(3)] * 2)


@pytest.mark.parametrize("n_envs", [None, 3])
@pytest.mark.parametrize("probe", PROBES)
def test_it_learns_the_values_of_probes(probe: type[Probe], n_envs: int | None) -> None:
    """With next to no worth of entropy values are those of the best actions."""
    torch.manual_seed(0)
    agent = _agent(
        nn.Linear(3, 2),
        StackedLinear(2, 3, 2),
        2,
        Adam,
        (0.02, 0.02, 0.0),
        discount_factor=0.5,
        replay_start_size=100,
    )
    with torch.no_grad():
        agent.log_temperature.model.log_alpha.fill_(np.log(1e-3))
    play(agent, probe(), ticks=800 if n_envs is None else 280, n_envs=n_envs)
    for known in probe().values(0.5):
        values = agent.q.no_grad(known.state)
        for action, value in known.action_values.items():
            assert values[:, int(action)].tolist() == pytest.approx([value] * 2, abs=0.1)
        if known.best_action is not None:
            assert agent.policy.no_grad(known.state).mode().item() == known.best_action


def test_the_temperature_keeps_the_wanted_entropy() -> None:
    torch.manual_seed(0)
    agent = _agent(nn.Linear(3, 2), StackedLinear(2, 3, 2), 2, Adam, (0.02, 0.05, 0.02), target_entropy=0.4)
    play(agent, ActionDependent(), ticks=1500)
    (known,) = ActionDependent().values(DISCOUNT)
    assert agent.policy.no_grad(known.state).entropy().item() == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("saved_at", [5, 25])
def test_a_resumed_agent_goes_on_as_if_nothing_had_happened(saved_at: int) -> None:
    """Saved among the random actions, and among the policy's."""
    torch.manual_seed(1)
    agent, other = (_agent(nn.Linear(3, 2), StackedLinear(2, 3, 2), 2, Adam) for _ in range(2))
    probe = TwoStep()
    state = probe.reset(0)
    for _ in range(saved_at):
        state = probe.step(agent.act(state))
    other.load_state_dict(copy.deepcopy(agent.state_dict()))
    for _ in range(saved_at, 45):
        action = agent.act(state)
        assert torch.equal(action, other.act(state))
        state = probe.step(action)
    assert agent.q.updates == other.q.updates == 20
    for mine, its in ((agent.policy, other.policy), (agent.q, other.q)):
        for one, another in zip(mine.model.parameters(), its.model.parameters(), strict=True):
            assert torch.equal(one, another)
    assert torch.equal(agent.log_temperature(), other.log_temperature())
