"""SAC: one update worked out with NumPy: critics, actor, temperature, targets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn
from torch.optim import SGD

from all_agents.agents import SAC
from allcore.approximation import Approximation, PolyakTarget, QEnsemble
from allcore.logging import Logger
from allcore.memory import ExperienceReplayBuffer
from allcore.nn import LogTemperature, StackedLinear
from allcore.policies import RandomActions, SoftDeterministicPolicy
from allcore.seeding import Seeds
from allcore.testing import OneMinibatch, slopes

SPACE = Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 10.0], np.float32))
CENTER, SCALE = np.array([1.0, 5.0]), np.array([2.0, 5.0])
RATE, LR_Q, LR_PI, LR_ALPHA, DISCOUNT, ALPHA, TARGET_ENTROPY = 0.1, 0.01, 0.05, 0.5, 0.9, 0.3, -2.0

X, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
ACTIONS, REWARDS = np.random.default_rng(1).uniform(SPACE.low, SPACE.high, size=(5, 2)), np.arange(5.0)
MASKS, STEPS = np.array([1.0, 0.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0, 2.0, 1.0])
WEIGHTS = np.array([0.5, 1.0, 0.8, 0.2, 1.0])


def _agent(**options: object) -> SAC:
    """Linear actor and critics of two observed numbers and two in an action; another target than the critics."""
    torch.manual_seed(12)  # either critic has the least value for some transitions, as the test asks
    seeds = Seeds(0)
    actor, critics, log_alpha = nn.Linear(2, 4), StackedLinear(2, 4, 1), LogTemperature(ALPHA)
    policy = SoftDeterministicPolicy(
        actor, SGD(actor.parameters(), lr=LR_PI), SPACE, generator=seeds.generator("policy")
    )
    q = QEnsemble(critics, SGD(critics.parameters(), lr=LR_Q), target=PolyakTarget(RATE))
    with torch.no_grad():
        for parameter in critics.parameters():
            parameter.add_(0.1)
    return SAC(
        policy,
        q,
        Approximation(log_alpha, SGD(log_alpha.parameters(), lr=LR_ALPHA)),
        ExperienceReplayBuffer(100, generator=seeds.generator("replay")),
        RandomActions(SPACE, seeds.generator("actions")),
        target_entropy=TARGET_ENTROPY,
        discount_factor=DISCOUNT,
        replay_start_size=-1,
        **options,
    )


def _numbers(module: nn.Module) -> list[np.ndarray]:
    return [parameter.detach().double().numpy().copy() for parameter in module.parameters()]


def _q(states: np.ndarray, actions: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Both critics' values `[2, N]`."""
    joined = np.concatenate((states, actions), axis=1)
    return np.stack([joined @ weight[index, :, 0] + bias[index, 0, 0] for index in (0, 1)])


def _pi(
    states: np.ndarray, noise: np.ndarray, weight: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Actions `[N, 2]`, and the logarithm of the density of what they are squashed from, changed to tanh's: `[N]`."""
    mean, log_std = np.split(states @ weight.T + bias, 2, axis=1)
    u = mean + np.exp(log_std) * noise
    log_normal = -0.5 * noise**2 - log_std - 0.5 * np.log(2 * np.pi)
    return CENTER + SCALE * np.tanh(u), (log_normal - np.log(1 - np.tanh(u) ** 2)).sum(1)


def test_one_update_equals_the_equations() -> None:
    agent = _agent()
    agent.replay_buffer = OneMinibatch(X, ACTIONS, REWARDS, Y, masks=MASKS, steps=STEPS, weights=WEIGHTS)
    actor, critics = _numbers(agent.policy.model.model), _numbers(agent.q.model.model)
    target = _numbers(agent.q._target._target.model)
    generator = torch.Generator()
    generator.set_state(agent.policy.model.stream._generator.get_state())
    next_noise, noise = (torch.randn((5, 2), generator=generator).double().numpy() for _ in range(2))
    agent._train()

    # equations 5 and 6 of the paper, with the least of two targets
    next_actions, next_log_probs = _pi(Y, next_noise, *actor)
    next_values = MASKS * (_q(Y, next_actions, *target).min(0) - ALPHA * next_log_probs)
    targets = REWARDS + DISCOUNT**STEPS * next_values
    errors = np.abs(targets - _q(X, ACTIONS, *critics)).mean(0)
    slope = slopes(
        lambda *new: (WEIGHTS * 0.5 * (targets - _q(X, ACTIONS, *new)) ** 2).mean(1).sum(), *critics
    )
    new_critics = [number - LR_Q * part for number, part in zip(critics, slope, strict=True)]

    # equation 9, with the new critics
    def actor_loss(*new: np.ndarray) -> float:
        actions, log_probs = _pi(X, noise, *new)
        return float(np.mean(ALPHA * log_probs - _q(X, actions, *new_critics).min(0)))

    slope = slopes(actor_loss, *actor)
    new_actor = [number - LR_PI * part for number, part in zip(actor, slope, strict=True)]
    # equation 18, with the logarithm in alpha's place, at the actor as it was
    _, log_probs = _pi(X, noise, *actor)
    log_alpha = np.log(ALPHA) + LR_ALPHA * np.mean(log_probs + TARGET_ENTROPY)

    for is_, should in zip(_numbers(agent.q.model.model), new_critics, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    for is_, should in zip(_numbers(agent.policy.model.model), new_actor, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    assert agent.log_temperature().item() == pytest.approx(log_alpha, abs=1e-5)
    followed = [(1 - RATE) * old + RATE * new for old, new in zip(target, new_critics, strict=True)]
    for is_, should in zip(_numbers(agent.q._target._target.model), followed, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    (priorities,) = agent.replay_buffer.priorities
    assert priorities.numpy() == pytest.approx(errors, abs=1e-5)
    assert not priorities.requires_grad
    assert all(parameter.grad is None for parameter in agent.q.model.parameters())
    # either critic is the least for some
    assert set(_q(Y, next_actions, *target).argmin(0)[MASKS > 0]) == {0, 1}
    assert set(_q(X, _pi(X, noise, *actor)[0], *new_critics).argmin(0)) == {0, 1}


def test_the_temperature_brings_the_entropy_to_its_target() -> None:
    """Without rewards only the temperature's pull is left: entropy falls from the most there is, and alpha with it."""

    class Record(Logger):
        def __init__(self) -> None:
            self.told: dict[str, list[float]] = {}

        def debug(self, name: str, value: torch.Tensor, frame: int) -> None:
            self.told.setdefault(name, []).append(value.item())

    record = Record()
    agent = _agent(logger=record, log_interval=1)
    agent.replay_buffer = OneMinibatch(X, ACTIONS, np.zeros(5), Y, masks=np.zeros(5))
    for update in range(50):
        agent.replay_start_size = -update - 1
        agent._train()
    entropy, alpha = record.told["policy/entropy"], record.told["policy/temperature"]
    assert len(entropy) == 50
    assert entropy[0] > TARGET_ENTROPY
    assert alpha[0] == pytest.approx(ALPHA)
    assert alpha[-1] < alpha[0]
