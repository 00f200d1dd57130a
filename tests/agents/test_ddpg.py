"""DDPG: one update worked out with NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn
from torch.optim import SGD

from all_agents.agents import DDPG
from allcore.approximation import PolyakTarget, QContinuous
from allcore.core import State
from allcore.memory import ExperienceReplayBuffer
from allcore.policies import DeterministicPolicy, RandomActions
from allcore.seeding import Seeds
from allcore.testing import OneMinibatch, slopes

SPACE = Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 10.0], np.float32))
CENTER, SCALE = np.array([1.0, 5.0]), np.array([2.0, 5.0])
RATE, LR_Q, LR_PI, DISCOUNT = 0.1, 0.01, 0.05, 0.9


def _agent(**options: object) -> DDPG:
    """Linear actor and critic of two observed numbers and two in an action; other targets than networks."""
    torch.manual_seed(0)
    seeds = Seeds(0)
    actor, critic = nn.Linear(2, 2), nn.Linear(4, 1)
    policy = DeterministicPolicy(actor, SGD(actor.parameters(), lr=LR_PI), SPACE, target=PolyakTarget(RATE))
    q = QContinuous(critic, SGD(critic.parameters(), lr=LR_Q), target=PolyakTarget(RATE))
    with torch.no_grad():
        for parameter in (*actor.parameters(), *critic.parameters()):
            parameter.add_(0.1)
    return DDPG(
        policy,
        q,
        ExperienceReplayBuffer(100, generator=seeds.generator("replay")),
        RandomActions(SPACE, seeds.generator("actions")),
        discount_factor=DISCOUNT,
        **options,
    )


def _numbers(module: nn.Module) -> list[np.ndarray]:
    return [parameter.detach().double().numpy().copy() for parameter in module.parameters()]


def _q(states: np.ndarray, actions: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return np.concatenate((states, actions), axis=1) @ weight[0] + bias


def _mu(states: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return CENTER + SCALE * np.tanh(states @ weight.T + bias)


def test_one_update_equals_the_equations() -> None:
    agent = _agent(replay_start_size=-1)
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(4, 2))
    actions, rewards = draw.uniform(SPACE.low, SPACE.high, size=(4, 2)), draw.normal(size=4)
    masks, steps = np.array([1.0, 0.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0, 2.0])
    weights = np.array([0.5, 1.0, 0.8, 0.2])
    agent.replay_buffer = OneMinibatch(x, actions, rewards, y, masks=masks, steps=steps, weights=weights)
    actor, critic = _numbers(agent.policy.model.model), _numbers(agent.q.model.model)
    old_actor, old_critic = (_numbers(part._target._target.model) for part in (agent.policy, agent.q))
    agent._train()

    targets = rewards + DISCOUNT**steps * masks * _q(y, _mu(y, *old_actor), *old_critic)
    slope = slopes(lambda *new: np.mean(weights * (targets - _q(x, actions, *new)) ** 2), *critic)
    new_critic = [number - LR_Q * part for number, part in zip(critic, slope, strict=True)]
    slope = slopes(lambda *new: -np.mean(_q(x, _mu(x, *new), *new_critic)), *actor)
    new_actor = [number - LR_PI * part for number, part in zip(actor, slope, strict=True)]

    for part, before, after in (
        (agent.policy, old_actor, new_actor),
        (agent.q, old_critic, new_critic),
    ):
        for is_, should in zip(_numbers(part.model.model), after, strict=True):
            assert is_ == pytest.approx(should, abs=1e-5)
        followed = [(1 - RATE) * number + RATE * new for number, new in zip(before, after, strict=True)]
        for is_, should in zip(_numbers(part._target._target.model), followed, strict=True):
            assert is_ == pytest.approx(should, abs=1e-5)
    (priorities,) = agent.replay_buffer.priorities
    assert priorities.numpy() == pytest.approx(np.abs(targets - _q(x, actions, *critic)), abs=1e-5)
    assert not priorities.requires_grad
    assert all(parameter.grad is None for parameter in agent.q.model.parameters())


def test_noise_is_in_units_of_the_bounds_and_what_is_clipped_is_what_is_stored() -> None:
    agent = _agent(replay_start_size=0, minibatch_size=1, update_frequency=10**9, noise=0.3)
    state = State({"observation": torch.tensor([0.3, -0.2])})
    mean = agent.policy.no_grad(state)
    actions = [agent.act(state)]
    for _ in range(99):
        actions.append(agent.act(state))
        assert torch.equal(agent._action, actions[-1])
    stored = agent.replay_buffer.sample(200)[1]
    low, high = torch.tensor(SPACE.low), torch.tensor(SPACE.high)
    assert ((stored >= low) & (stored <= high)).all()
    inside = torch.stack([action for action in actions if ((action > low) & (action < high)).all()])
    spread = (inside - mean).abs().mean(0) / torch.tensor([2.0, 5.0])
    # The mean distance of a Gaussian is 0.8 of its deviation, a little less where the furthest are left out.
    assert spread.tolist() == pytest.approx([0.24, 0.24], abs=0.06)
