"""TQC: truncation by hand, one update worked out with NumPy, and what its quantiles come to."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn
from torch.optim import SGD, Adam

from all_agents.agents import TQC
from allcore.approximation import Approximation, PolyakTarget, QEnsemble
from allcore.memory import ExperienceReplayBuffer
from allcore.nn import LogTemperature, StackedLinear
from allcore.policies import RandomActions, SoftDeterministicPolicy
from allcore.seeding import Seeds
from allcore.testing import OneMinibatch, slopes

SPACE = Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 10.0], np.float32))
CENTER, SCALE = np.array([1.0, 5.0]), np.array([2.0, 5.0])
RATE, LR_Q, LR_PI, LR_ALPHA, DISCOUNT, ALPHA, TARGET_ENTROPY = 0.1, 0.05, 0.05, 0.5, 0.9, 0.3, -2.0

X, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
ACTIONS, REWARDS = np.random.default_rng(1).uniform(SPACE.low, SPACE.high, size=(5, 2)), np.arange(5.0)
MASKS, STEPS = np.array([1.0, 0.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0, 2.0, 1.0])
WEIGHTS = np.array([0.5, 1.0, 0.8, 0.2, 1.0])


def _agent(n_quantiles: int = 3, **options: object) -> TQC:
    """Linear actor and two critics of two observed numbers and two in an action; another target than the critics."""
    torch.manual_seed(0)
    seeds = Seeds(0)
    actor, critics, log_alpha = nn.Linear(2, 4), StackedLinear(2, 4, n_quantiles), LogTemperature(ALPHA)
    policy = SoftDeterministicPolicy(
        actor, SGD(actor.parameters(), lr=LR_PI), SPACE, generator=seeds.generator("policy")
    )
    q = QEnsemble(critics, SGD(critics.parameters(), lr=LR_Q), target=PolyakTarget(RATE))
    with torch.no_grad():
        for parameter in critics.parameters():
            parameter.add_(0.1)
    defaults = {"target_entropy": TARGET_ENTROPY, "discount_factor": DISCOUNT, "n_dropped": 1}
    return TQC(
        policy,
        q,
        Approximation(log_alpha, SGD(log_alpha.parameters(), lr=LR_ALPHA)),
        ExperienceReplayBuffer(100, generator=seeds.generator("replay")),
        RandomActions(SPACE, seeds.generator("actions")),
        replay_start_size=-1,
        **(defaults | options),
    )


def test_the_largest_of_all_quantiles_together_are_dropped() -> None:
    """Two critics with three quantiles for each of two states; one for each critic is dropped."""
    quantiles = torch.tensor([[[9.0, 1.0, 8.0], [1.0, 2.0, 3.0]], [[2.0, 7.0, 3.0], [6.0, 5.0, 4.0]]])
    assert _agent()._truncated(quantiles).tolist() == [[1.0, 2.0, 3.0, 7.0], [1.0, 2.0, 3.0, 4.0]]
    assert _agent(n_dropped=2)._truncated(quantiles).tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert _agent(n_dropped=0)._truncated(quantiles).shape == (2, 6)


def _numbers(module: nn.Module) -> list[np.ndarray]:
    return [parameter.detach().double().numpy().copy() for parameter in module.parameters()]


def _q(states: np.ndarray, actions: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Both critics' quantiles `[2, N, K]`."""
    joined = np.concatenate((states, actions), axis=1)
    return np.stack([joined @ weight[index] + bias[index] for index in (0, 1)])


def _pi(
    states: np.ndarray, noise: np.ndarray, weight: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    mean, log_std = np.split(states @ weight.T + bias, 2, axis=1)
    u = mean + np.exp(log_std) * noise
    log_normal = -0.5 * noise**2 - log_std - 0.5 * np.log(2 * np.pi)
    return CENTER + SCALE * np.tanh(u), (log_normal - np.log(1 - np.tanh(u) ** 2)).sum(1)


def _losses(quantiles: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Each transition's mean over critics, target samples and quantiles: equation 13 of the paper, pair by pair."""
    n_critics, n_batch, n_quantiles = quantiles.shape
    losses = np.zeros(n_batch)
    for critic, row, index in np.ndindex(quantiles.shape):
        fraction = (2 * index + 1) / (2 * n_quantiles)
        u = targets[row] - quantiles[critic, row, index]
        huber = np.where(np.abs(u) <= 1, 0.5 * u**2, np.abs(u) - 0.5)
        losses[row] += np.mean(np.abs(fraction - (u < 0)) * huber)
    return losses / (n_critics * n_quantiles)


def test_one_update_equals_the_equations() -> None:
    agent = _agent()
    agent.replay_buffer = OneMinibatch(X, ACTIONS, REWARDS, Y, masks=MASKS, steps=STEPS, weights=WEIGHTS)
    actor, critics = _numbers(agent.policy.model.model), _numbers(agent.q.model.model)
    target = _numbers(agent.q._target._target.model)
    generator = torch.Generator()
    generator.set_state(agent.policy.model.stream._generator.get_state())
    next_noise, noise = (torch.randn((5, 2), generator=generator).double().numpy() for _ in range(2))
    agent._train()

    next_actions, next_log_probs = _pi(Y, next_noise, *actor)
    atoms = _q(Y, next_actions, *target)
    targets = np.zeros((5, 4))
    for row in range(5):
        kept = np.sort(atoms[:, row].ravel())[:4] - ALPHA * next_log_probs[row]
        targets[row] = REWARDS[row] + DISCOUNT ** STEPS[row] * MASKS[row] * kept
    losses = _losses(_q(X, ACTIONS, *critics), targets)
    slope = slopes(lambda *new: np.mean(WEIGHTS * _losses(_q(X, ACTIONS, *new), targets)), *critics)
    new_critics = [number - LR_Q * part for number, part in zip(critics, slope, strict=True)]

    def actor_loss(*new: np.ndarray) -> float:
        actions, log_probs = _pi(X, noise, *new)
        return float(np.mean(ALPHA * log_probs - _q(X, actions, *new_critics).mean((0, 2))))

    slope = slopes(actor_loss, *actor)
    new_actor = [number - LR_PI * part for number, part in zip(actor, slope, strict=True)]
    log_alpha = np.log(ALPHA) + LR_ALPHA * np.mean(_pi(X, noise, *actor)[1] + TARGET_ENTROPY)

    for is_, should in zip(_numbers(agent.q.model.model), new_critics, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    for is_, should in zip(_numbers(agent.policy.model.model), new_actor, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    assert agent.log_temperature().item() == pytest.approx(log_alpha, abs=1e-5)
    followed = [(1 - RATE) * old + RATE * new for old, new in zip(target, new_critics, strict=True)]
    for is_, should in zip(_numbers(agent.q._target._target.model), followed, strict=True):
        assert is_ == pytest.approx(should, abs=1e-5)
    (priorities,) = agent.replay_buffer.priorities
    assert priorities.numpy() == pytest.approx(losses, abs=1e-5)
    assert not priorities.requires_grad
    assert all(parameter.grad is None for parameter in agent.q.model.parameters())


def test_quantiles_come_to_those_of_the_returns() -> None:
    """Returns of -3, -1, 1 and 3 alike often: at the fractions 1/8, 3/8, 5/8 and 7/8, where the loss is least."""
    agent = _agent(n_quantiles=4)
    agent.q.optimizer = Adam(agent.q.model.parameters(), lr=0.02)
    ones, returns = np.ones((4, 2)), np.array([-3.0, -1.0, 1.0, 3.0])
    agent.replay_buffer = OneMinibatch(ones, ones, returns, ones, masks=np.zeros(4))
    for update in range(1500):
        agent.replay_start_size = -update - 1
        agent._train()
    quantiles = agent.q.no_grad(agent.replay_buffer.sample(1)[0][:1], torch.ones(1, 2))
    assert quantiles.shape == (2, 1, 4)
    least = [_least_loss(fraction, returns) for fraction in (1 / 8, 3 / 8, 5 / 8, 7 / 8)]
    for critic in quantiles[:, 0].tolist():
        assert critic == pytest.approx(least, abs=0.02)


def _least_loss(fraction: float, returns: np.ndarray) -> float:
    """Where the slope of the quantile Huber loss changes its sign, by halving."""
    low, high = -10.0, 10.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        weights = np.where(returns < middle, 1 - fraction, fraction)
        low, high = (
            (low, middle) if (weights * np.clip(middle - returns, -1, 1)).sum() > 0 else (middle, high)
        )
    return low
