"""C51: one update by hand, priorities, what it learns in probes, and going on after loading."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

from all_agents.agents import C51
from allcore.approximation import FixedTarget, QDist
from allcore.memory import ExperienceReplayBuffer
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import OneMinibatch, play
from allcore.testing.probes import PROBES, ActionDependent, Probe, Staggered

# Letters: N minibatch, A = 2 actions, K atoms.


def _agent(
    model: nn.Module, n_atoms: int, v_min: float, v_max: float, *, lr: float = 0.1, **options: object
) -> C51:
    seeds = Seeds(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    q_dist = QDist(model, optimizer, 2, n_atoms, v_min, v_max, target=FixedTarget(5))
    defaults = {"discount_factor": 0.5, "minibatch_size": 32, "replay_start_size": 0, "update_frequency": 1}
    return C51(
        q_dist,
        GreedyPolicy(q_dist, 2, epsilon=0.5, generator=seeds.generator("policy")),
        ExperienceReplayBuffer(1000, generator=seeds.generator("replay")),
        **(defaults | options),
    )


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _projected(reward: float, discount: float, probabilities: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    """The inner loop of Algorithm 1, with the mass of an atom that falls on another one given to that one."""
    mass = np.zeros_like(atoms)
    for probability, atom in zip(probabilities, atoms, strict=True):
        b = (np.clip(reward + discount * atom, atoms[0], atoms[-1]) - atoms[0]) / (atoms[1] - atoms[0])
        low, high = int(np.floor(b)), int(np.ceil(b))
        if low == high:
            mass[low] += probability
        else:
            mass[low] += probability * (high - b)
            mass[high] += probability * (b - low)
    return mass


def test_one_update_equals_the_equations() -> None:
    """Atoms that fall on atoms, between them and outside; a terminal row; one of three steps; weights."""
    rng = np.random.default_rng(0)
    atoms, n, k = np.linspace(-2.0, 2.0, 5), 6, 5
    model = nn.Linear(3, 2 * k)
    agent = _agent(model, k, -2.0, 2.0)
    old_weight, old_bias = rng.normal(size=(2 * k, 3)), rng.normal(size=2 * k)
    weight, bias = rng.normal(size=(2 * k, 3)), rng.normal(size=2 * k)
    _load(model, weight, bias)
    _load(agent.q_dist._target._target.model, old_weight, old_bias)  # type: ignore[attr-defined]

    x, y = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
    actions = np.array([0, 1, 1, 0, 1, 0])
    rewards = np.array([1.0, 0.3, 0.0, -1.0, 0.7, 5.0])
    masks = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    steps, weights = np.array([1.0, 1.0, 3.0, 1.0, 2.0, 1.0]), np.array([1.0, 0.5, 0.25, 0.8, 0.1, 0.6])
    agent.replay_buffer = OneMinibatch(x, actions, rewards, y, masks=masks, steps=steps, weights=weights)
    agent.replay_start_size = -1
    agent._train()

    targets = np.zeros((n, k))
    for row in range(n):
        following = _softmax((old_weight @ y[row] + old_bias).reshape(2, k))
        best = following[(following @ atoms).argmax()]
        if masks[row] == 0:  # the return is the reward
            best = np.eye(k)[2]
        targets[row] = _projected(rewards[row], 0.5 ** steps[row], best, atoms)
    assert targets[3].tolist() == [0, 1, 0, 0, 0]
    assert targets[4] == pytest.approx([0, 0, 0.3, 0.7, 0])
    predicted = _softmax((x @ weight.T + bias).reshape(n, 2, k))[np.arange(n), actions]
    slope = np.zeros((n, 2, k))
    slope[np.arange(n), actions] = weights[:, None] * (predicted - targets) / n
    slope = slope.reshape(n, 2 * k)
    assert model.weight.detach().numpy() == pytest.approx(weight - 0.1 * slope.T @ x, abs=1e-5)
    assert model.bias.detach().numpy() == pytest.approx(bias - 0.1 * slope.sum(axis=0), abs=1e-5)

    (priorities,) = agent.replay_buffer.priorities
    terms = np.where(targets > 0, targets * np.log(np.maximum(targets, 1e-300) / predicted), 0.0)
    assert priorities.numpy() == pytest.approx(terms.sum(axis=1), abs=1e-5)
    assert not priorities.requires_grad


def _load(layer: nn.Linear, weight: np.ndarray, bias: np.ndarray) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))


@settings(max_examples=30)
@given(st.floats(-3.0, 3.0), st.floats(0.0, 1.0), st.lists(st.floats(-40.0, 40.0), min_size=6, max_size=6))
def test_priorities_are_never_negative(reward: float, mask: float, logits: list[float]) -> None:
    """Not even by rounding: a power of a negative number would be no number at all."""
    model = nn.Linear(1, 6)
    _load(model, np.zeros((6, 1)), np.array(logits))
    agent = _agent(model, 3, -1.0, 1.0, discount_factor=1.0, replay_start_size=-1)
    agent.q_dist._target.refresh(5)
    agent.replay_buffer = OneMinibatch([[1.0]] * 2, [0, 1], [reward, 0.0], [[1.0]] * 2, masks=[mask, 1.0])
    agent._train()
    assert (agent.replay_buffer.priorities[0] >= 0).all()


def test_a_perfect_prediction_has_priority_zero() -> None:
    """The cross-entropy of even odds is log 2, and nothing can be learnt from it."""
    model = nn.Linear(1, 4)
    _load(model, np.zeros((4, 1)), np.zeros(4))
    agent = _agent(model, 2, 0.0, 1.0, replay_start_size=-1)
    agent.replay_buffer = OneMinibatch([[1.0]], [0], [0.5], [[1.0]], masks=[0.0])
    agent._train()
    assert agent.replay_buffer.priorities[0].tolist() == pytest.approx([0.0], abs=1e-6)
    assert model.bias.tolist() == pytest.approx([0.0] * 4, abs=1e-6)


@pytest.mark.parametrize("steps", [1.0, 3.0])
def test_a_terminal_return_is_the_reward_even_if_no_atom_is_at_zero(steps: float) -> None:
    """Atoms 1, 2 and 3, all as probable: from there to certainty it is log 3."""
    model = nn.Linear(1, 6)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    agent = _agent(model, 3, 1.0, 3.0, replay_start_size=-1)
    agent.replay_buffer = OneMinibatch([[1.0]], [0], [2.0], [[1.0]], masks=[0.0], steps=[steps])
    agent._train()
    assert agent.replay_buffer.priorities[0].tolist() == pytest.approx([np.log(3.0)], abs=1e-5)
    assert model.bias.tolist() == pytest.approx([-1 / 30, 2 / 30, -1 / 30, 0, 0, 0], abs=1e-5)


def test_it_acts_on_the_expectation() -> None:
    """Action 0 most probably gives 2, action 1 surely 1; on average action 0 gives 0.4."""
    model = nn.Linear(1, 6)
    certain = [np.log(0.4), np.log(1e-9), np.log(0.6), *np.log([1e-9, 1.0, 1e-9])]
    _load(model, np.zeros((6, 1)), np.array(certain))
    agent = _agent(model, 3, -2.0, 2.0)
    agent.policy.epsilon = lambda step: 0.0
    play(agent, ActionDependent(), 0)
    values = agent.q_dist.action_values(OneMinibatch([[1.0]], [0], [0.0], [[1.0]]).sample(1)[0])
    assert values.tolist() == [pytest.approx([0.4, 0.0], abs=1e-5)]


@pytest.mark.parametrize(("probe", "n_envs"), [*((probe, None) for probe in PROBES), (Staggered, 3)])
def test_it_learns_what_is_known(probe: type[Probe], n_envs: int | None) -> None:
    torch.manual_seed(0)
    agent = _agent(nn.Linear(3, 2 * 7, bias=False), 7, -3.0, 3.0, lr=5.0)
    play(agent, probe(), 500 // (n_envs or 1), n_envs)
    for known in probe().values(0.5):
        values = agent.q_dist.action_values(known.state).tolist()
        assert values == pytest.approx(list(known.action_values.values()), abs=0.1), known


@pytest.mark.parametrize("n_envs", [None, 3])
def test_an_agent_that_was_loaded_goes_on_as_the_saved_one(n_envs: int | None) -> None:
    torch.manual_seed(0)
    agent = _agent(nn.Linear(3, 14), 7, -3.0, 3.0)
    env = Staggered() if n_envs is None else Staggered().duplicate(n_envs)
    state = env.reset(seed=0)
    for _ in range(40):
        state = env.step(agent.act(state))
    other = _agent(nn.Linear(3, 14), 7, -3.0, 3.0)
    other.load_state_dict(copy.deepcopy(agent.state_dict()))
    for _ in range(40):
        action = agent.act(state)
        assert torch.equal(action, other.act(state))
        state = env.step(action)
    for name, weight in agent.q_dist.model.state_dict().items():
        assert torch.equal(weight, other.q_dist.model.state_dict()[name])
