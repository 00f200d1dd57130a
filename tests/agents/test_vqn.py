"""VQN: one update by hand, environments of known value, what it never learns from, and resuming."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from all_agents.agents import VQN
from allcore.approximation import FixedTarget, QNetwork
from allcore.core import StateArray
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import PROBES, Probe, play

LR, GAMMA = 0.1, 0.9

# Six environments: one that goes on, one that terminates, one that is cut off, one that loses a life, one that only begins
# an episode, and one whose last state had lost a life (mask 0) in a game that goes on.
OBSERVATIONS = np.array([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.3], [0.2, 0.2], [7.0, 9.0], [1.5, -0.5]])
NEXT = np.array([[0.0, 1.0], [3.0, 3.0], [2.0, -1.0], [0.4, -0.8], [5.0, 5.0], [-0.6, 1.1]])
DONES = np.array([False, False, False, False, True, False])
MASKS = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0])
REWARDS = np.array([1.0, -2.0, 0.3, 0.7, 100.0, 0.9])
NEXT_DONES = np.array([False, True, True, False, False, False])
NEXT_MASKS = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
ACTIONS = np.array([1, 0, 1, 0, 0, 1])
COUNTS = 1.0 - DONES


def _states(
    observations: np.ndarray, dones: np.ndarray, masks: np.ndarray, rewards: np.ndarray
) -> StateArray:
    entries = {
        "observation": torch.tensor(observations, dtype=torch.float32),
        "reward": torch.tensor(rewards, dtype=torch.float32),
        "done": torch.tensor(dones),
        "mask": torch.tensor(masks, dtype=torch.float32),
    }
    return StateArray(entries, (len(dones),))


FIRST = _states(OBSERVATIONS, DONES, MASKS, np.full(6, 55.0))
SECOND = _states(NEXT, NEXT_DONES, NEXT_MASKS, REWARDS)


def _agent(model: nn.Module, epsilon: float = 0.3) -> VQN:
    # Were the target network asked, which nothing updates here, the resumed agent would tell.
    q = QNetwork(model, torch.optim.SGD(model.parameters(), lr=LR), target=FixedTarget(10**9))
    policy = GreedyPolicy(q, 2, epsilon=epsilon, generator=Seeds(0).generator("policy"))
    return VQN(q, policy, discount_factor=GAMMA)


def test_one_update_equals_the_equations() -> None:
    torch.manual_seed(0)
    model = nn.Linear(2, 2)
    agent = _agent(model)
    with torch.no_grad():
        model.weight.add_(0.5)  # the values are no longer those of the target network
    weight, bias = model.weight.detach().numpy().copy(), model.bias.detach().numpy().copy()
    agent.act(FIRST)
    agent._actions = torch.tensor(ACTIONS)
    agent.act(SECOND)

    values = (OBSERVATIONS @ weight.T + bias)[np.arange(6), ACTIONS]
    targets = REWARDS + GAMMA * NEXT_MASKS * (NEXT @ weight.T + bias).max(axis=1)
    slopes = COUNTS * (targets - values) / COUNTS.sum()
    for action in (0, 1):
        rows = action == ACTIONS
        weight[action] += LR * (slopes[rows, None] * OBSERVATIONS[rows]).sum(axis=0)
        bias[action] += LR * slopes[rows].sum()
    assert model.weight.detach().numpy() == pytest.approx(weight, abs=1e-5)
    assert model.bias.detach().numpy() == pytest.approx(bias, abs=1e-5)
    assert agent.q.updates == 1


def test_the_next_action_is_chosen_by_the_new_values() -> None:
    model = nn.Linear(2, 2)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    agent = _agent(model, epsilon=0.0)
    agent.act(FIRST[:1])
    agent._actions = torch.tensor([1])
    assert agent.act(_states(OBSERVATIONS[:1], DONES[:1], MASKS[:1], REWARDS[:1])).tolist() == [1]


def test_there_is_no_update_where_no_step_was_taken() -> None:
    agent = _agent(nn.Linear(2, 2))
    agent.act(FIRST)
    assert agent.q.updates == 0
    agent.act(_states(NEXT, np.full(6, True), NEXT_MASKS, REWARDS))
    assert agent.q.updates == 1
    agent.act(FIRST)  # every environment has only begun another episode
    assert agent.q.updates == 1


def test_a_resumed_agent_goes_on_as_if_nothing_had_happened() -> None:
    torch.manual_seed(1)
    agent, other = _agent(nn.Linear(2, 2)), _agent(nn.Linear(2, 2))
    agent.act(FIRST)
    other.load_state_dict(agent.state_dict())
    for states in (SECOND, FIRST, SECOND, SECOND):
        assert torch.equal(agent.act(states), other.act(states))
    for mine, its in zip(agent.q.model.parameters(), other.q.model.parameters(), strict=True):
        assert torch.equal(mine, its)


@pytest.mark.parametrize("n_envs", [1, 4])
@pytest.mark.parametrize("kind", PROBES)
def test_it_learns_the_values_of_a_probe(kind: type[Probe], n_envs: int) -> None:
    torch.manual_seed(0)
    agent = _agent(nn.Linear(3, 2, bias=False), epsilon=1.0)
    agent.discount_factor = 0.5
    play(agent, kind(), 1500, n_envs)
    for known in kind().values(0.5):
        expected = [known.action_values[action] for action in (0.0, 1.0)]
        assert agent.q.no_grad(known.state).tolist() == pytest.approx(expected, abs=0.1)
