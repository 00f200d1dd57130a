"""QR-DQN: one update by hand, what it learns where the distribution is known, and resuming."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from all_agents.agents import QRDQN
from allcore.approximation import FixedTarget, QQuantiles
from allcore.core import State, StateArray
from allcore.memory import ExperienceReplayBuffer
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import PROBES, OneMinibatch, Probe, play

LR, GAMMA, KAPPA = 0.05, 0.9, 0.7
ACTIONS, QUANTILES = 2, 3


def _agent(
    model: nn.Module, n_quantiles: int = QUANTILES, *, lr: float = LR, target: int = 20, **options: object
) -> QRDQN:
    seeds = Seeds(0)
    q = QQuantiles(
        model,
        torch.optim.SGD(model.parameters(), lr=lr),
        ACTIONS,
        n_quantiles,
        target=FixedTarget(target),
    )
    defaults = {
        "discount_factor": GAMMA,
        "huber_threshold": KAPPA,
        "minibatch_size": 32,
        "replay_start_size": 1,
    }
    return QRDQN(
        q,
        GreedyPolicy(q, ACTIONS, epsilon=1.0, generator=seeds.generator("policy")),
        ExperienceReplayBuffer(1000, generator=seeds.generator("replay")),
        **(defaults | options),
    )


def test_one_update_equals_the_equations() -> None:
    """Three weighted transitions, one of them terminal, one of them three steps long, worked out with NumPy."""
    model = nn.Linear(2, ACTIONS * QUANTILES)
    agent = _agent(model, replay_start_size=-1)
    old, bias = model.weight.detach().numpy().copy(), model.bias.detach().numpy().copy()
    with torch.no_grad():  # the values are no longer those of the target network
        model.weight.add_(torch.tensor([[0.5], [-0.3], [0.1], [0.9], [0.0], [-1.0]]))
    new = model.weight.detach().numpy().copy()
    x, y = np.array([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.3]]), np.array([[0.0, 1.0], [3.0, 3.0], [2.0, -1.0]])
    actions, rewards, masks = np.array([1, 0, 1]), np.array([1.0, -2.0, 0.3]), np.array([1.0, 0.0, 1.0])
    steps, weights = np.array([1.0, 1.0, 3.0]), np.array([0.5, 1.0, 0.8])
    agent.replay_buffer = OneMinibatch(x, actions, rewards, y, masks=masks, steps=steps, weights=weights)
    agent._train()

    expected_weight, expected_bias, losses = new.copy(), bias.copy(), np.zeros(3)
    for n in range(3):
        predicted = (new @ x[n] + bias).reshape(ACTIONS, QUANTILES)[actions[n]]
        following = (old @ y[n] + bias).reshape(ACTIONS, QUANTILES)
        best = following.mean(axis=1).argmax()
        targets = rewards[n] + GAMMA ** steps[n] * masks[n] * following[best]
        for i in range(QUANTILES):
            output = actions[n] * QUANTILES + i
            for target in targets:
                u = target - predicted[i]
                share = abs((2 * i + 1) / (2 * QUANTILES) - (u < 0)) / QUANTILES  # the mean over targets
                huber = u * u / 2 if abs(u) < KAPPA else KAPPA * (abs(u) - KAPPA / 2)
                losses[n] += share * huber / KAPPA
                slope = weights[n] / 3 * share * np.clip(u, -KAPPA, KAPPA) / KAPPA
                expected_weight[output] += LR * slope * x[n]
                expected_bias[output] += LR * slope
    assert model.weight.detach().numpy() == pytest.approx(expected_weight, abs=1e-5)
    assert model.bias.detach().numpy() == pytest.approx(expected_bias, abs=1e-5)
    (priorities,) = agent.replay_buffer.priorities
    assert priorities.numpy() == pytest.approx(losses, abs=1e-5)
    assert not priorities.requires_grad


def test_the_action_of_the_highest_mean_is_bootstrapped_from_not_the_highest_quantiles() -> None:
    agent = _agent(nn.Linear(2, ACTIONS * QUANTILES), discount_factor=1.0)
    quantiles = torch.tensor([[[0.0, 0.0, 9.0], [4.0, 4.0, 4.0]], [[-1.0, 0.0, 1.0], [-2.0, -2.0, 3.0]]])
    agent.q.target = lambda states: quantiles  # type: ignore[method-assign]
    next_states = StateArray({"observation": torch.zeros(2, 2), "steps": torch.ones(2)}, (2,))
    assert agent._targets(torch.tensor([1.0, 0.0]), next_states).tolist() == [[5, 5, 5], [-1, 0, 1]]


@pytest.mark.parametrize("n_envs", [None, 3])
@pytest.mark.parametrize("probe", PROBES)
def test_it_learns_the_values_of_probes(probe: type[Probe], n_envs: int | None) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, ACTIONS * 2)
    agent = _agent(model, 2, lr=0.4, huber_threshold=1.0, discount_factor=0.5, target=10)
    play(agent, probe(), ticks=900 if n_envs is None else 300, n_envs=n_envs)
    for known in probe().values(0.5):
        quantiles = agent.q.no_grad(known.state)
        for action, value in known.action_values.items():
            # The return is certain, so that every quantile is the value.
            assert quantiles[int(action)].tolist() == pytest.approx([value] * 2, abs=0.1)


def test_it_learns_the_quantiles_of_a_random_reward() -> None:
    """A terminal step with reward 0, 1 or 10, equally often: the quantiles at 1/6, 1/2 and 5/6, and no mean."""
    torch.manual_seed(0)
    model = nn.Linear(1, ACTIONS * QUANTILES)
    agent = _agent(model, lr=0.2, huber_threshold=0.0)
    generator = torch.Generator().manual_seed(0)
    state = State({"observation": torch.zeros(1)})
    for _ in range(700):
        reward = (0.0, 1.0, 10.0)[int(torch.randint(3, (), generator=generator))]
        agent.act(state)
        agent.act(State({"observation": torch.zeros(1), "reward": reward, "done": True}))
    for group in agent.q.optimizer.param_groups:
        group["lr"] = 0.01
    for _ in range(500):
        agent._updates -= 1
        agent._train()
    for quantiles in agent.q.no_grad(state).tolist():
        assert quantiles == pytest.approx([0.0, 1.0, 10.0], abs=0.15)


def test_a_resumed_agent_goes_on_as_if_nothing_had_happened() -> None:
    torch.manual_seed(1)
    agent, other = (_agent(nn.Linear(3, ACTIONS * QUANTILES)) for _ in range(2))
    agent.policy.epsilon = other.policy.epsilon = lambda step: 0.3
    probe = PROBES[-1]()
    state = probe.reset(0)
    for _ in range(57):
        state = probe.step(agent.act(state))
    other.load_state_dict(copy.deepcopy(agent.state_dict()))
    for _ in range(20):
        action = agent.act(state)
        assert torch.equal(action, other.act(state))
        state = probe.step(action)
    assert agent.q.updates == other.q.updates > 40
    for mine, its in zip(agent.q.model.parameters(), other.q.model.parameters(), strict=True):
        assert torch.equal(mine, its)
