"""CrossQ: two updates worked out with NumPy, batch renormalisation and all; what is asked in which mode."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn
from torch.optim import SGD

from all_agents.agents import CrossQ
from allcore.approximation import Approximation, QEnsemble
from allcore.core import State
from allcore.memory import ExperienceReplayBuffer
from allcore.nn import BatchRenorm, LogTemperature, StackedLinear
from allcore.policies import RandomActions, SoftDeterministicPolicy
from allcore.seeding import Seeds
from allcore.testing import OneMinibatch, slopes

SPACE = Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 10.0], np.float32))
CENTER, SCALE = np.array([1.0, 5.0]), np.array([2.0, 5.0])
LR_Q, LR_PI, LR_ALPHA, DISCOUNT, ALPHA, TARGET_ENTROPY = 0.01, 0.05, 0.5, 0.9, 0.3, -2.0
NORM = {"rate": 0.3, "eps": 1e-3, "max_factor": 2.0, "max_shift": 0.5, "warm_up": 0}

X, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
ACTIONS, REWARDS = np.random.default_rng(1).uniform(SPACE.low, SPACE.high, size=(5, 2)), np.arange(5.0)
MASKS, STEPS = np.array([1.0, 0.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0, 2.0, 1.0])
WEIGHTS = np.array([0.5, 1.0, 0.8, 0.2, 1.0])


def _agent(**options: object) -> CrossQ:
    """An actor and two critics with a normalised hidden layer, of two observed numbers and two in an action."""
    torch.manual_seed(0)
    seeds = Seeds(0)
    actor = nn.Sequential(BatchRenorm(2, **NORM), nn.Linear(2, 3), BatchRenorm(3, **NORM), nn.Linear(3, 4))
    critics = nn.Sequential(
        BatchRenorm(4, 2, **NORM), StackedLinear(2, 4, 3), BatchRenorm(3, 2, **NORM), StackedLinear(2, 3, 1)
    )
    log_alpha = LogTemperature(ALPHA)
    policy = SoftDeterministicPolicy(
        actor, SGD(actor.parameters(), lr=LR_PI), SPACE, generator=seeds.generator("policy")
    )
    defaults = {"policy_delay": 2, "replay_start_size": -1}
    return CrossQ(
        policy,
        QEnsemble(critics, SGD(critics.parameters(), lr=LR_Q)),
        Approximation(log_alpha, SGD(log_alpha.parameters(), lr=LR_ALPHA)),
        ExperienceReplayBuffer(100, generator=seeds.generator("replay")),
        RandomActions(SPACE, seeds.generator("actions")),
        target_entropy=TARGET_ENTROPY,
        discount_factor=DISCOUNT,
        **(defaults | options),
    )


class Norm:
    """Batch renormalisation `[C, N, F]` (Ioffe, 2017, Algorithm 1) with running values; r and d can be held."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean, self.deviation = np.zeros(shape), np.ones(shape)
        self.held: tuple[np.ndarray, np.ndarray] | None = None

    def train(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        mean, deviation = x.mean(-2, keepdims=True), np.sqrt(1e-3 + x.var(-2, keepdims=True))
        if self.held is None:
            r = np.clip(deviation / self.deviation, 0.5, 2.0)
            d = np.clip((mean - self.mean) / self.deviation, -0.5, 0.5)
            self.held = r, d
            self.batch = mean, deviation
        r, d = self.held
        return weight * ((x - mean) / deviation * r + d) + bias

    def evaluate(self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        return weight * (x - self.mean) / self.deviation + bias

    def follow(self) -> None:
        """Move the running values towards the batch seen last; let go of r and d."""
        self.mean = 0.7 * self.mean + 0.3 * self.batch[0]
        self.deviation = 0.7 * self.deviation + 0.3 * self.batch[1]
        self.held = None


class Network:
    """Normalised, linear, normalised, linear: the critics (weights `[C, I, O]`) or the actor (weights `[O, I]`)."""

    def __init__(self, layers: nn.Sequential) -> None:
        self.stacked = isinstance(layers[1], StackedLinear)
        self.layers = layers
        self.norms = [Norm(tuple(layers[index].mean.shape)) for index in (0, 2)]
        self.numbers = [parameter.detach().double().numpy().copy() for parameter in layers.parameters()]

    def __call__(self, x: np.ndarray, *numbers: np.ndarray, mode: str) -> np.ndarray:
        for norm, (weight, bias, linear, shift) in zip(self.norms, (numbers[:4], numbers[4:]), strict=True):
            x = getattr(norm, mode)(x, weight, bias)
            x = x @ (linear if self.stacked else linear.T) + shift
        return x

    def follow(self) -> None:
        for norm in self.norms:
            norm.follow()

    def check(self) -> None:
        for is_, should in zip(self.layers.parameters(), self.numbers, strict=True):
            assert is_.detach().numpy() == pytest.approx(should, abs=1e-5)
        for index, norm in zip((0, 2), self.norms, strict=True):
            assert self.layers[index].mean.numpy() == pytest.approx(norm.mean, abs=1e-5)
            assert self.layers[index].deviation.numpy() == pytest.approx(norm.deviation, abs=1e-5)


def _squashed(answer: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, log_std = np.split(answer, 2, axis=1)
    u = mean + np.exp(log_std) * noise
    log_normal = -0.5 * noise**2 - log_std - 0.5 * np.log(2 * np.pi)
    return CENTER + SCALE * np.tanh(u), (log_normal - np.log(1 - np.tanh(u) ** 2)).sum(1)


def test_two_updates_equal_the_equations() -> None:
    agent = _agent()
    agent.replay_buffer = OneMinibatch(X, ACTIONS, REWARDS, Y, masks=MASKS, steps=STEPS, weights=WEIGHTS)
    actor, critics = Network(agent.policy.model.model), Network(agent.q.model.model)
    generator = torch.Generator()
    generator.set_state(agent.policy.model.stream._generator.get_state())
    log_alpha = np.log(ALPHA)
    for update in (1, 2):
        agent.replay_start_size = -update
        agent._train()
        alpha = np.exp(log_alpha)

        # one batch of both states for the critics; next actions by the actor in eval mode
        noise = torch.randn((5, 2), generator=generator).double().numpy()
        next_actions, next_log_probs = _squashed(actor(Y, *actor.numbers, mode="evaluate"), noise)
        both = np.concatenate((np.column_stack((X, ACTIONS)), np.column_stack((Y, next_actions))))
        values = critics(both, *critics.numbers, mode="train")[..., 0]
        next_values = MASKS * (values[:, 5:].min(0) - alpha * next_log_probs)
        targets = REWARDS + DISCOUNT**STEPS * next_values

        def critic_loss(*new: np.ndarray, both: np.ndarray = both, targets: np.ndarray = targets) -> float:
            values = critics(both, *new, mode="train")[:, :5, 0]
            return float((WEIGHTS * 0.5 * (targets - values) ** 2).mean(1).sum())

        slope = slopes(critic_loss, *critics.numbers)
        critics.numbers = [number - LR_Q * part for number, part in zip(critics.numbers, slope, strict=True)]
        critics.follow()
        if update == 2:
            noise = torch.randn((5, 2), generator=generator).double().numpy()
            _, log_probs = _squashed(actor(X, *actor.numbers, mode="train"), noise)

            def actor_loss(*new: np.ndarray, noise: np.ndarray = noise, alpha: float = alpha) -> float:
                actions, log_probs = _squashed(actor(X, *new, mode="train"), noise)
                joined = np.column_stack((X, actions))
                values = critics(joined, *critics.numbers, mode="evaluate")[..., 0].min(0)
                return float(np.mean(alpha * log_probs - values))

            slope = slopes(actor_loss, *actor.numbers)
            actor.numbers = [number - LR_PI * part for number, part in zip(actor.numbers, slope, strict=True)]
            actor.follow()
            log_alpha = log_alpha + LR_ALPHA * np.mean(log_probs + TARGET_ENTROPY)
        critics.check()
        actor.check()
        assert agent.log_temperature().item() == pytest.approx(log_alpha, abs=1e-5)
        errors = np.abs(targets - values[:, :5]).mean(0)
        assert agent.replay_buffer.priorities[-1].numpy() == pytest.approx(errors, abs=1e-5)
    assert not agent.replay_buffer.priorities[-1].requires_grad
    assert all(parameter.grad is None for parameter in agent.q.model.parameters())


def test_acting_changes_no_statistics() -> None:
    agent = _agent(replay_start_size=0, update_frequency=10**9)
    state = State({"observation": torch.tensor([0.3, -0.2])})
    before = {name: value.clone() for name, value in agent.policy.model.model.state_dict().items()}
    actions = [agent.act(state) for _ in range(3)]
    assert not torch.equal(actions[1], actions[2])
    after = agent.policy.model.model.state_dict()
    assert all(torch.equal(before[name], value) for name, value in after.items())
    assert agent.policy.model.training
