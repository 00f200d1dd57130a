"""VAC: one update by hand, for both kinds of actions, environments of known value, what it never learns from, and resuming."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from all_agents.agents import VAC
from allcore.approximation import FixedTarget, VNetwork
from allcore.core import StateArray
from allcore.policies import GaussianPolicy, SoftmaxPolicy
from allcore.seeding import Seeds
from allcore.testing import PROBES, Probe, play

V_LR, POLICY_LR, GAMMA = 0.1, 0.2, 0.9

# Six environments: one that goes on, one that terminates, one that is cut off, one that loses a life, one that only begins
# an episode, and one whose last state had lost a life (mask 0) in a game that goes on.
OBSERVATIONS = np.array([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.3], [0.2, 0.2], [7.0, 9.0], [1.5, -0.5]])
NEXT = np.array([[0.0, 1.0], [3.0, 3.0], [2.0, -1.0], [0.4, -0.8], [5.0, 5.0], [-0.6, 1.1]])
DONES = np.array([False, False, False, False, True, False])
MASKS = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0])
REWARDS = np.array([1.0, -2.0, 0.3, 0.7, 100.0, 0.9])
NEXT_DONES = np.array([False, True, True, False, False, False])
NEXT_MASKS = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
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


def _agent(kind: type[SoftmaxPolicy | GaussianPolicy], policy_lr: float = POLICY_LR) -> VAC:
    value, actor = nn.Linear(2, 1), nn.Linear(2, 4 if kind is GaussianPolicy else 3)
    # Were the target network asked, which nothing updates here, the equations would not hold.
    v = VNetwork(value, torch.optim.SGD(value.parameters(), lr=V_LR), target=FixedTarget(10**9))
    with torch.no_grad():
        value.bias.add_(0.5)
    optimizer = torch.optim.SGD(actor.parameters(), lr=policy_lr)
    return VAC(v, kind(actor, optimizer, generator=Seeds(0).generator("policy")), discount_factor=GAMMA)


def _parameters(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    weight, bias = (parameter.detach().numpy().astype(np.float64) for parameter in layer.parameters())
    return weight, bias


def _softmax_slopes(logits: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Derivatives of the logarithm of the actions' probabilities by the logits."""
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.eye(logits.shape[1])[actions] - probabilities


def _gaussian_slopes(output: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Derivatives of the logarithm of the actions' densities by means and logarithms of deviations."""
    mean, std = output[:, :2], np.exp(output[:, 2:])
    distance = (actions - mean) / std
    return np.concatenate([distance / std, distance**2 - 1], axis=1)


@pytest.mark.parametrize(
    ("kind", "slopes"), [(SoftmaxPolicy, _softmax_slopes), (GaussianPolicy, _gaussian_slopes)]
)
def test_one_update_equals_the_equations(kind: type, slopes: object) -> None:
    torch.manual_seed(0)
    agent = _agent(kind)
    (v_weight, v_bias), (weight, bias) = _parameters(agent.v.model), _parameters(agent.policy.model)
    actions = agent.act(FIRST).numpy()
    agent.act(SECOND)

    values = OBSERVATIONS @ v_weight[0] + v_bias
    targets = REWARDS + GAMMA * NEXT_MASKS * (NEXT @ v_weight[0] + v_bias)
    errors = COUNTS * (targets - values) / COUNTS.sum()
    steps = errors[:, None] * slopes(OBSERVATIONS @ weight.T + bias, actions)
    new_v, new_policy = _parameters(agent.v.model), _parameters(agent.policy.model)
    assert new_v[0][0] == pytest.approx(v_weight[0] + V_LR * errors @ OBSERVATIONS, abs=1e-5)
    assert new_v[1] == pytest.approx(v_bias + V_LR * errors.sum(), abs=1e-5)
    assert new_policy[0] == pytest.approx(weight + POLICY_LR * steps.T @ OBSERVATIONS, abs=1e-5)
    assert new_policy[1] == pytest.approx(bias + POLICY_LR * steps.sum(axis=0), abs=1e-5)
    assert (agent.v.updates, agent.policy.updates) == (1, 1)


def test_there_is_no_update_where_no_step_was_taken() -> None:
    agent = _agent(SoftmaxPolicy)
    agent.act(FIRST)
    assert agent.v.updates == 0
    agent.act(_states(NEXT, np.full(6, True), NEXT_MASKS, REWARDS))
    assert agent.v.updates == 1
    agent.act(FIRST)  # every environment has only begun another episode
    assert (agent.v.updates, agent.policy.updates) == (1, 1)


@pytest.mark.parametrize("kind", [SoftmaxPolicy, GaussianPolicy])
def test_a_resumed_agent_goes_on_as_if_nothing_had_happened(kind: type) -> None:
    torch.manual_seed(1)
    agent, other = _agent(kind, 0.001), _agent(kind, 0.001)
    agent.act(FIRST)
    other.load_state_dict(agent.state_dict())
    for states in (SECOND, FIRST, SECOND, SECOND):
        assert torch.equal(agent.act(states), other.act(states))
    for mine, its in zip(agent.policy.model.parameters(), other.policy.model.parameters(), strict=True):
        assert torch.equal(mine, its)
    for mine, its in zip(agent.v.model.parameters(), other.v.model.parameters(), strict=True):
        assert torch.equal(mine, its)


@pytest.mark.parametrize(("actions", "n_envs"), [("discrete", 1), ("discrete", 4), ("box", 4)])
@pytest.mark.parametrize("kind", PROBES)
def test_it_learns_the_values_and_actions_of_a_probe(kind: type[Probe], actions: str, n_envs: int) -> None:
    torch.manual_seed(0)
    value, actor = nn.Linear(3, 1), nn.Linear(3, 2)
    v = VNetwork(value, torch.optim.SGD(value.parameters(), lr=0.1))
    policy_kind = SoftmaxPolicy if actions == "discrete" else GaussianPolicy
    policy = policy_kind(
        actor, torch.optim.SGD(actor.parameters(), lr=0.05), generator=Seeds(0).generator("policy")
    )
    play(VAC(v, policy, discount_factor=GAMMA), kind(actions), 1500, n_envs)
    for known in kind(actions).values(GAMMA):
        assert v.no_grad(known.state).item() == pytest.approx(known.value, abs=0.15)
        if known.best_action is not None:
            assert policy.no_grad(known.state).mode().item() == pytest.approx(known.best_action, abs=0.15)
