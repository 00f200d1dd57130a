"""Double DQN: one update by hand, what sets it apart from DQN, what it learns in probes, and going on after loading."""

from __future__ import annotations

import copy
import difflib
import inspect

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from all_agents.agents import DDQN, DQN
from allcore.approximation import FixedTarget, QNetwork, TargetNetwork
from allcore.core import State
from allcore.memory import (
    ExperienceReplayBuffer,
    NStepReplayBuffer,
    PrioritizedReplayBuffer,
    ReplayBuffer,
)
from allcore.nn import Dueling
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import OneMinibatch, play
from allcore.testing.probes import PROBES, ObservationAndActionDependent, Probe, Staggered


def _agent(
    kind: type, model: nn.Module, *, lr: float = 0.1, target: TargetNetwork | None = None, **options: object
) -> DDQN:
    seeds = Seeds(0)
    q = QNetwork(model, torch.optim.SGD(model.parameters(), lr=lr), target=target)
    defaults = {"discount_factor": 0.9, "minibatch_size": 32, "replay_start_size": 1, "update_frequency": 1}
    return kind(
        q,
        GreedyPolicy(q, 2, epsilon=0.5, generator=seeds.generator("policy")),
        ExperienceReplayBuffer(1000, generator=seeds.generator("replay")),
        **(defaults | options),
    )


def test_one_update_equals_the_equations() -> None:
    """Four transitions with weights: one terminal, one three steps long, one whose best actions differ."""
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.5, -0.2], [-0.3, 0.4]]))
        model.bias.copy_(torch.tensor([0.1, -0.1]))
    agent = _agent(DDQN, model, target=FixedTarget(100), replay_start_size=0)
    old, bias = model.weight.detach().numpy().copy(), model.bias.detach().numpy().copy()
    new = np.array([[-0.4, 0.1], [0.6, -0.5]], dtype=np.float32)
    with torch.no_grad():
        model.weight.copy_(torch.from_numpy(new))
    x = np.array([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.3], [0.2, 0.2]])
    y = np.array([[1.0, 0.5], [3.0, 3.0], [2.0, -1.0], [-1.0, 1.0]])
    actions, rewards = np.array([1, 0, 1, 0]), np.array([1.0, -2.0, 0.3, 0.0])
    masks, steps = np.array([1.0, 0.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0, 2.0])
    weights = np.array([0.5, 1.0, 0.8, 0.1])
    agent.replay_buffer = OneMinibatch(x, actions, rewards, y, masks=masks, steps=steps, weights=weights)
    agent.replay_buffer.store(State({}), 0, State({}))
    agent._train()

    rows = np.arange(4)
    values = (x @ new.T + bias)[rows, actions]
    online, target = y @ new.T + bias, y @ old.T + bias
    assert (online.argmax(axis=1) != target.argmax(axis=1)).any()
    targets = rewards + 0.9**steps * masks * target[rows, online.argmax(axis=1)]
    slope = weights * np.clip(values - targets, -1.0, 1.0) / 4  # of the mean Huber loss
    expected_weight, expected_bias = new.copy(), bias.copy()
    for index, action in enumerate(actions):
        expected_weight[action] -= 0.1 * slope[index] * x[index]
        expected_bias[action] -= 0.1 * slope[index]
    assert model.weight.detach().numpy() == pytest.approx(expected_weight, abs=1e-5)
    assert model.bias.detach().numpy() == pytest.approx(expected_bias, abs=1e-5)
    (priorities,) = agent.replay_buffer.priorities
    assert priorities.numpy() == pytest.approx(np.abs(targets - values), abs=1e-5)
    assert not priorities.requires_grad


def test_it_differs_from_dqn_in_the_argmax_only() -> None:
    """Line by line: everything else is the same text."""
    ours, theirs = (
        inspect.getsource(kind).split('"""', 2)[2].replace("DDQN", "DQN").splitlines() for kind in (DDQN, DQN)
    )
    changes = [line for line in difflib.ndiff(theirs, ours) if line[0] in "+-"]
    assert [f"{line[0]} {line[2:].strip()}" for line in changes] == [
        "+ next_actions = torch.argmax(self.q.action_values(next_states), dim=1)",
        "- targets = rewards + discounts * torch.amax(self.q.target(next_states), dim=1)",
        "+ targets = rewards + discounts * self.q.target(next_states, next_actions)",
    ]


def test_without_a_target_network_it_is_dqn() -> None:
    """One network's best action has that network's highest value."""
    learnt = []
    for kind in (DQN, DDQN):
        torch.manual_seed(0)
        agent = play(_agent(kind, nn.Linear(3, 2), lr=0.05), Staggered(), 200)
        learnt.append(agent.q.model.state_dict())
    assert all(torch.equal(learnt[0][name], learnt[1][name]) for name in learnt[0])


@pytest.mark.parametrize(("probe", "n_envs"), [*((probe, None) for probe in PROBES), (Staggered, 3)])
def test_it_learns_what_is_known(probe: type[Probe], n_envs: int | None) -> None:
    _hold_against_what_is_known(nn.Linear(3, 2, bias=False), probe, n_envs)


@pytest.mark.parametrize("n_envs", [None, 3])
@pytest.mark.parametrize("n_steps", [1, 3])
def test_it_learns_from_prioritised_replay_of_several_steps(n_steps: int, n_envs: int | None) -> None:
    """Staggered episodes of one to three steps: the windows of three are cut short at all their ends."""
    generator = Seeds(0).generator("replay")
    prioritized = PrioritizedReplayBuffer(1000, beta=0.4, generator=generator)
    replay = NStepReplayBuffer(n_steps, 0.5, prioritized)
    model = nn.Linear(3, 2, bias=False)
    _hold_against_what_is_known(model, Staggered, n_envs, replay)


def test_it_learns_with_a_dueling_network() -> None:
    model = Dueling(nn.Linear(3, 1, bias=False), nn.Linear(3, 2, bias=False))
    _hold_against_what_is_known(model, ObservationAndActionDependent, None)


def _hold_against_what_is_known(
    model: nn.Module, probe: type[Probe], n_envs: int | None, replay: ReplayBuffer | None = None
) -> None:
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    agent = _agent(DDQN, model, lr=0.5, target=FixedTarget(5), discount_factor=0.5, loss=mse_loss)
    if replay is not None:
        agent.replay_buffer, agent.replay_start_size = replay, 20
    play(agent, probe(), 500 // (n_envs or 1), n_envs)
    for known in probe().values(0.5):
        values = agent.q.no_grad(known.state).tolist()
        assert values == pytest.approx(list(known.action_values.values()), abs=0.05), known


@pytest.mark.parametrize("n_envs", [None, 3])
def test_an_agent_that_was_loaded_goes_on_as_the_saved_one(n_envs: int | None) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    agent = _agent(DDQN, copy.deepcopy(model), target=FixedTarget(7))
    env = Staggered() if n_envs is None else Staggered().duplicate(n_envs)
    state = env.reset(seed=0)
    for _ in range(50):
        state = env.step(agent.act(state))
    other = _agent(DDQN, nn.Linear(3, 2), target=FixedTarget(7))
    other.load_state_dict(copy.deepcopy(agent.state_dict()))
    for _ in range(50):
        action = agent.act(state)
        assert torch.equal(action, other.act(state))
        state = env.step(action)
    for name, weight in agent.q.model.state_dict().items():
        assert torch.equal(weight, other.q.model.state_dict()[name])
