"""TD3: three updates worked out with NumPy: critics, the delayed actor and the delayed targets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import Tensor, nn
from torch.optim import SGD

from all_agents.agents import TD3
from allcore.approximation import PolyakTarget, QEnsemble
from allcore.memory import ExperienceReplayBuffer
from allcore.nn import StackedLinear
from allcore.policies import DeterministicPolicy, RandomActions
from allcore.seeding import Seeds
from allcore.testing import OneMinibatch, slopes

SPACE = Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 10.0], np.float32))
CENTER, SCALE = np.array([1.0, 5.0]), np.array([2.0, 5.0])
RATE, LR_Q, LR_PI, DISCOUNT, NOISE, CLIP = 0.1, 0.01, 0.05, 0.9, 0.8, 0.6

X, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
ACTIONS, REWARDS = np.random.default_rng(1).uniform(SPACE.low, SPACE.high, size=(5, 2)), np.arange(5.0)
MASKS, STEPS = np.array([1.0, 0.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0, 2.0, 1.0])
WEIGHTS = np.array([0.5, 1.0, 0.8, 0.2, 1.0])


def _agent() -> TD3:
    """Linear actor and critics of two observed numbers and two in an action; other targets than networks."""
    torch.manual_seed(141)  # see the last test
    seeds = Seeds(0)
    actor, critics = nn.Linear(2, 2), StackedLinear(2, 4, 1)
    policy = DeterministicPolicy(actor, SGD(actor.parameters(), lr=LR_PI), SPACE, target=PolyakTarget(RATE))
    q = QEnsemble(critics, SGD(critics.parameters(), lr=LR_Q), target=PolyakTarget(RATE, update_frequency=2))
    with torch.no_grad():
        for parameter in (*actor.parameters(), *critics.parameters()):
            parameter.add_(0.1)
    return TD3(
        policy,
        q,
        ExperienceReplayBuffer(100, generator=seeds.generator("replay")),
        RandomActions(SPACE, seeds.generator("actions")),
        discount_factor=DISCOUNT,
        target_noise=NOISE,
        target_noise_clip=CLIP,
        policy_delay=2,
        replay_start_size=-1,
    )


def _numbers(module: nn.Module) -> list[np.ndarray]:
    return [parameter.detach().double().numpy().copy() for parameter in module.parameters()]


def _q(states: np.ndarray, actions: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Both critics' values `[2, N]`."""
    joined = np.concatenate((states, actions), axis=1)
    return np.stack([joined @ weight[index, :, 0] + bias[index, 0, 0] for index in (0, 1)])


def _mu(states: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return CENTER + SCALE * np.tanh(states @ weight.T + bias)


def _smoothed(actions: np.ndarray, noise: Tensor) -> np.ndarray:
    noise = np.clip(noise.double().numpy() * NOISE, -CLIP, CLIP)
    return np.clip(actions + noise * SCALE, SPACE.low, SPACE.high)


def _follow(target: list[np.ndarray], network: list[np.ndarray]) -> list[np.ndarray]:
    return [(1 - RATE) * old + RATE * new for old, new in zip(target, network, strict=True)]


def test_three_updates_equal_the_equations() -> None:
    agent = _agent()
    agent.replay_buffer = OneMinibatch(X, ACTIONS, REWARDS, Y, masks=MASKS, steps=STEPS, weights=WEIGHTS)
    actor, critics = _numbers(agent.policy.model.model), _numbers(agent.q.model.model)
    actor_target, critics_target = (_numbers(part._target._target.model) for part in (agent.policy, agent.q))
    generator = torch.Generator()
    generator.set_state(agent.random_actions._stream._generator.get_state())
    for update in (1, 2, 3):
        agent.replay_start_size = -update
        agent._train()

        next_actions = _smoothed(_mu(Y, *actor_target), torch.randn((5, 2), generator=generator))
        targets = REWARDS + DISCOUNT**STEPS * MASKS * _q(Y, next_actions, *critics_target).min(0)
        errors = np.abs(targets - _q(X, ACTIONS, *critics)).mean(0)
        slope = slopes(
            lambda *new, y=targets: (WEIGHTS * (y - _q(X, ACTIONS, *new)) ** 2).mean(1).sum(), *critics
        )
        critics = [number - LR_Q * part for number, part in zip(critics, slope, strict=True)]
        if update % 2 == 0:
            slope = slopes(lambda *new, q=critics: -_q(X, _mu(X, *new), *q)[0].mean(), *actor)
            actor = [number - LR_PI * part for number, part in zip(actor, slope, strict=True)]
            actor_target, critics_target = _follow(actor_target, actor), _follow(critics_target, critics)

        for part, network, target in (
            (agent.policy, actor, actor_target),
            (agent.q, critics, critics_target),
        ):
            for is_, should in zip(_numbers(part.model.model), network, strict=True):
                assert is_ == pytest.approx(should, abs=1e-5), update
            for is_, should in zip(_numbers(part._target._target.model), target, strict=True):
                assert is_ == pytest.approx(should, abs=1e-5), update
        assert agent.replay_buffer.priorities[-1].numpy() == pytest.approx(errors, abs=1e-5)
    assert all(parameter.grad is None for parameter in agent.q.model.parameters())


def test_the_numbers_above_reach_what_is_to_be_tested() -> None:
    """Noise is clipped for some actions and not for others, and actions by their bounds; either critic is the least."""
    agent = _agent()
    generator = torch.Generator()
    generator.set_state(agent.random_actions._stream._generator.get_state())
    noise = torch.randn((5, 2), generator=generator)
    assert 0 < ((noise * NOISE).abs() > CLIP).sum() < 10
    actions = _smoothed(_mu(Y, *_numbers(agent.policy._target._target.model)), noise)
    assert 0 < ((actions == SPACE.low) | (actions == SPACE.high)).sum() < 10
    values = _q(Y, actions, *_numbers(agent.q._target._target.model))
    assert set(values.argmin(0)[MASKS > 0]) == {0, 1}
    # the actor would follow the second critic if it took the least
    values = _q(X, _mu(X, *_numbers(agent.policy.model.model)), *_numbers(agent.q.model.model))
    assert 1 in values.argmin(0)
