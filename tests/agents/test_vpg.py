"""VPG: one update by hand over episodes that end in every way, environments of known value, and resuming."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from all_agents.agents import VPG
from allcore.approximation import VNetwork
from allcore.core import StateArray
from allcore.memory import RolloutBuffer
from allcore.policies import GaussianPolicy, SoftmaxPolicy
from allcore.seeding import Seeds
from allcore.testing import PROBES, Probe, play

V_LR, POLICY_LR, GAMMA = 0.1, 0.2, 0.9
TICKS, ENVS = 6, 3  # ticks 0 to 6; the last is where the sixth step leads

# Environment 0 terminates at tick 2 and is cut off by a time limit at tick 5; 1 loses a life at tick 3; 2 goes on.
_RANDOM = np.random.default_rng(0)
OBSERVATIONS = _RANDOM.normal(size=(TICKS + 1, ENVS, 2))
REWARDS = _RANDOM.normal(size=(TICKS + 1, ENVS))
DONES = np.zeros((TICKS + 1, ENVS), dtype=bool)
DONES[2, 0] = DONES[5, 0] = True
MASKS = np.ones((TICKS + 1, ENVS))
MASKS[2, 0] = MASKS[3, 1] = 0.0
COUNTS = 1.0 - DONES[:-1]


def _tick(tick: int) -> StateArray:
    entries = {
        "observation": torch.tensor(OBSERVATIONS[tick], dtype=torch.float32),
        "reward": torch.tensor(REWARDS[tick], dtype=torch.float32),
        "done": torch.tensor(DONES[tick]),
        "mask": torch.tensor(MASKS[tick], dtype=torch.float32),
    }
    return StateArray(entries, (ENVS,))


def _agent(kind: type[SoftmaxPolicy | GaussianPolicy] = SoftmaxPolicy, **options: Any) -> VPG:
    value, actor = nn.Linear(2, 1), nn.Linear(2, 4 if kind is GaussianPolicy else 3)
    v = VNetwork(value, torch.optim.SGD(value.parameters(), lr=V_LR))
    optimizer = torch.optim.SGD(actor.parameters(), lr=POLICY_LR)
    policy = kind(actor, optimizer, generator=Seeds(0).generator("policy"))
    return VPG(v, policy, RolloutBuffer(TICKS), discount_factor=GAMMA, **options)


def _parameters(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    weight, bias = (parameter.detach().numpy().astype(np.float64) for parameter in layer.parameters())
    return weight, bias


def _softmax_slopes(logits: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Derivatives of the logarithm of the actions' probabilities by the logits."""
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return np.eye(logits.shape[-1])[actions] - probabilities


def _gaussian_slopes(output: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Derivatives of the logarithm of the actions' densities by means and logarithms of deviations."""
    mean, std = output[..., :2], np.exp(output[..., 2:])
    distance = (actions - mean) / std
    return np.concatenate([distance / std, distance**2 - 1], axis=-1)


def _discounted(steps: np.ndarray, factor: float) -> np.ndarray:
    """For every step, what `steps` gives at it and after it in its own episode, later ones discounted: a naive sum."""
    sums = np.zeros((TICKS, ENVS))
    for tick in range(TICKS):
        for env in range(ENVS):
            for later in range(tick, TICKS):
                sums[tick, env] += factor ** (later - tick) * steps[later, env]
                if DONES[later + 1, env] or MASKS[later + 1, env] == 0:
                    break
    return sums


def _targets(values: np.ndarray, lam: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns and advantages, each `[T, E]`, from the values of all states."""
    errors = REWARDS[1:] + GAMMA * MASKS[1:] * values[1:] - values[:-1]
    returns = values[:-1] + _discounted(errors, GAMMA)  # the errors of a whole episode telescope
    return returns, _discounted(errors, GAMMA * lam)


@pytest.mark.parametrize(
    ("kind", "slopes"), [(SoftmaxPolicy, _softmax_slopes), (GaussianPolicy, _gaussian_slopes)]
)
@pytest.mark.parametrize("lam", [1.0, 0.97])
@pytest.mark.parametrize("normalize", [False, True])
def test_one_update_equals_the_equations(kind: type, slopes: Any, lam: float, normalize: bool) -> None:
    torch.manual_seed(0)
    agent = _agent(kind, lam=lam, normalize_advantages=normalize, value_updates=3)
    (v_weight, v_bias), (weight, bias) = _parameters(agent.v.model), _parameters(agent.policy.model)
    actions = np.stack([agent.act(_tick(tick)).numpy() for tick in range(TICKS)])
    assert agent.policy.updates == 0
    agent.act(_tick(TICKS))

    returns, advantages = _targets(OBSERVATIONS @ v_weight[0] + v_bias, lam)
    if normalize:
        counted = advantages[COUNTS > 0]
        advantages = (advantages - counted.mean()) / (counted.std() + 1e-8)
    shares = COUNTS / COUNTS.sum()
    steps = (shares * advantages)[..., None] * slopes(OBSERVATIONS[:-1] @ weight.T + bias, actions)
    new_policy, new_v = _parameters(agent.policy.model), _parameters(agent.v.model)
    assert new_policy[0] == pytest.approx(
        weight + POLICY_LR * np.einsum("tea,teo->ao", steps, OBSERVATIONS[:-1]), abs=1e-5
    )
    assert new_policy[1] == pytest.approx(bias + POLICY_LR * steps.sum(axis=(0, 1)), abs=1e-5)
    for _ in range(3):
        errors = shares * (returns - (OBSERVATIONS[:-1] @ v_weight[0] + v_bias))
        v_weight = v_weight + V_LR * np.einsum("te,teo->o", errors, OBSERVATIONS[:-1])
        v_bias = v_bias + V_LR * errors.sum()
    assert new_v[0] == pytest.approx(v_weight, abs=1e-5)
    assert new_v[1] == pytest.approx(v_bias, abs=1e-5)
    assert (agent.policy.updates, agent.v.updates) == (1, 3)


def test_returns_are_rewards_to_go() -> None:
    """By hand: up to the end of the episode, of the life or of the stretch, and the value of what was cut off."""
    values = np.full((TICKS + 1, ENVS), 10.0)
    returns, _ = _targets(values, 1.0)
    r = REWARDS
    assert returns[0, 0] == pytest.approx(r[1, 0] + GAMMA * r[2, 0])  # terminated
    assert returns[3, 0] == pytest.approx(r[4, 0] + GAMMA * r[5, 0] + GAMMA**2 * 10.0)  # time limit
    assert returns[1, 1] == pytest.approx(r[2, 1] + GAMMA * r[3, 1])  # life lost
    assert returns[4, 2] == pytest.approx(r[5, 2] + GAMMA * r[6, 2] + GAMMA**2 * 10.0)  # end of the stretch


def test_the_next_stretch_begins_where_the_last_one_ended() -> None:
    agent = _agent()
    for tick in range(2 * TICKS + 1):
        agent.act(_tick(tick % (TICKS + 1)))
    assert agent.policy.updates == 2
    assert len(agent.rollout_buffer) == 1


@pytest.mark.parametrize("kind", [SoftmaxPolicy, GaussianPolicy])
@pytest.mark.parametrize("seen", [0, 4, TICKS])
def test_a_resumed_agent_goes_on_as_if_nothing_had_happened(kind: type, seen: int) -> None:
    torch.manual_seed(1)
    agent, other = _agent(kind, value_updates=2), _agent(kind, value_updates=2)
    ticks = [tick % (TICKS + 1) for tick in range(2 * TICKS + 3)]
    for tick in ticks[:seen]:
        agent.act(_tick(tick))
    other.load_state_dict(agent.state_dict())
    for tick in ticks[seen:]:
        assert torch.equal(agent.act(_tick(tick)), other.act(_tick(tick)))
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
        actor, torch.optim.SGD(actor.parameters(), lr=0.3), generator=Seeds(0).generator("policy")
    )
    agent = VPG(v, policy, RolloutBuffer(16), discount_factor=GAMMA, lam=0.97, value_updates=10)
    play(agent, kind(actions), 2000, n_envs)
    for known in kind(actions).values(GAMMA):
        assert v.no_grad(known.state).item() == pytest.approx(known.value, abs=0.15)
        if known.best_action is not None:
            assert policy.no_grad(known.state).mode().item() == pytest.approx(known.best_action, abs=0.15)
