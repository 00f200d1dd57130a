"""IQN: one update by hand, fresh fractions everywhere, what it learns where the distribution is known, and resuming."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from all_agents.agents import IQN
from allcore.approximation import FixedTarget, QImplicitQuantiles
from allcore.core import State, StateArray
from allcore.memory import ExperienceReplayBuffer
from allcore.nn import ImplicitQuantileNetwork
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import PROBES, OneMinibatch, Probe, play, slopes

LR, GAMMA, KAPPA = 0.05, 0.9, 0.7
ACTIONS, COSINES, ACTING = 2, 3, 5
Parameters = dict[str, np.ndarray]


def _network(inputs: int, features: int = 4, cosines: int = COSINES) -> ImplicitQuantileNetwork:
    return ImplicitQuantileNetwork(
        nn.Linear(inputs, features), features, nn.Linear(features, ACTIONS), n_cosines=cosines
    )


def _agent(
    model: nn.Module, optimizer: torch.optim.Optimizer | None = None, *, target: int = 20, **options: object
) -> IQN:
    seeds = Seeds(0)
    q = QImplicitQuantiles(
        model,
        optimizer or torch.optim.SGD(model.parameters(), lr=LR),
        n_acting=ACTING,
        generator=seeds.generator("fractions"),
        target=FixedTarget(target),
    )
    defaults = {
        "discount_factor": GAMMA,
        "huber_threshold": KAPPA,
        "n_fractions": 3,
        "n_target_fractions": 4,
        "minibatch_size": 32,
        "replay_start_size": 1,
    }
    return IQN(
        q,
        GreedyPolicy(q, ACTIONS, epsilon=1.0, generator=seeds.generator("policy")),
        ExperienceReplayBuffer(1000, generator=seeds.generator("replay")),
        **(defaults | options),
    )


def _parameters(model: nn.Module) -> Parameters:
    return {
        name: value.detach().numpy().astype(np.float64).copy() for name, value in model.named_parameters()
    }


def _quantiles(p: Parameters, x: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """All actions' quantiles `[A, K]` of one observation `[D]` at `fractions` `[K]`."""
    features = p["features.weight"] @ x + p["features.bias"]
    cosines = np.cos(np.pi * np.arange(COSINES) * fractions[:, None])
    embedded = np.maximum(cosines @ p["embedding.linear.weight"].T + p["embedding.linear.bias"], 0)
    return p["head.weight"] @ (features * embedded).T + p["head.bias"][:, None]


def test_one_update_equals_the_equations() -> None:
    """Three weighted transitions, one of them terminal, one of them three steps long, worked out with NumPy."""
    torch.manual_seed(3)
    model = _network(2)
    agent = _agent(model, replay_start_size=-1)
    old = _parameters(model)
    with torch.no_grad():  # the values are no longer those of the target network
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    new = _parameters(model)
    x, y = np.array([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.3]]), np.array([[0.0, 1.0], [3.0, 3.0], [2.0, -1.0]])
    actions, rewards, masks = np.array([1, 0, 1]), np.array([1.0, -2.0, 0.3]), np.array([1.0, 0.0, 1.0])
    steps, weights = np.array([1.0, 1.0, 3.0]), np.array([0.5, 1.0, 0.8])
    agent.replay_buffer = OneMinibatch(x, actions, rewards, y, masks=masks, steps=steps, weights=weights)
    drawn = []
    draw = agent.q.draw

    def recorded(states: StateArray, n: int) -> torch.Tensor:
        drawn.append(draw(states, n))
        return drawn[-1]

    agent.q.draw = recorded  # type: ignore[method-assign]
    agent._train()
    learnt, others = (fractions.numpy().astype(np.float64) for fractions in drawn)
    assert learnt.shape == (3, 3)
    assert others.shape == (3, ACTING + 4)

    targets = []
    for n in range(3):
        best = _quantiles(old, y[n], others[n, :ACTING]).mean(axis=1).argmax()
        following = _quantiles(old, y[n], others[n, ACTING:])[best]
        targets.append(rewards[n] + GAMMA ** steps[n] * masks[n] * following)

    def losses(p: Parameters) -> np.ndarray:
        result = np.zeros(3)
        for n in range(3):
            for predicted, fraction in zip(
                _quantiles(p, x[n], learnt[n])[actions[n]], learnt[n], strict=True
            ):
                for target in targets[n]:
                    u = target - predicted
                    huber = u * u / 2 if abs(u) < KAPPA else KAPPA * (abs(u) - KAPPA / 2)
                    result[n] += abs(fraction - (u < 0)) * huber / KAPPA / len(targets[n])
        return result

    (priorities,) = agent.replay_buffer.priorities
    assert priorities.numpy() == pytest.approx(losses(new), abs=1e-5)
    assert not priorities.requires_grad
    gradient = slopes(
        lambda *values: np.mean(weights * losses(dict(zip(new, values, strict=True)))), *new.values()
    )
    for (name, values), part in zip(_parameters(model).items(), gradient, strict=True):
        assert values == pytest.approx(new[name] - LR * part, abs=1e-5), name


def test_the_action_is_chosen_by_other_quantiles_than_those_learnt_from() -> None:
    agent = _agent(_network(2), discount_factor=1.0, n_target_fractions=2)
    choosing = torch.tensor([[0.0, 0.0, 0.0, 0.0, 9.0], [2.0, 2.0, 2.0, 2.0, 2.0]])  # of mean 1.8 and 2
    learning = torch.tensor([[7.0, 8.0], [-3.0, 5.0]])
    agent.q.target = lambda states, fractions: torch.cat((choosing, learning), dim=1).unsqueeze(0)  # type: ignore[method-assign]
    next_states = StateArray({"observation": torch.zeros(1, 2), "steps": torch.ones(1)}, (1,))
    assert agent._targets(torch.tensor([1.0]), next_states).tolist() == [[-2.0, 6.0]]


def test_fractions_of_online_target_and_selection_differ_and_are_fresh_at_every_update() -> None:
    model = _network(1)
    agent = _agent(model, replay_start_size=-2)
    agent.replay_buffer = OneMinibatch([[1.0], [2.0]], [0, 1], [0.0, 0.0], [[1.0], [2.0]])
    seen: list[torch.Tensor] = []
    model.embedding.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    agent.q._target._target.model.embedding.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0])
    )
    agent._train()
    agent.act(State({"observation": torch.zeros(1)}))
    agent.q.action_values(State({"observation": torch.zeros(1)}))
    assert [tuple(fractions.shape) for fractions in seen] == [(2, 3), (2, ACTING + 4)] * 2 + [(1, ACTING)]
    together = torch.cat([fractions.flatten() for fractions in seen])
    assert together.unique().numel() == together.numel()


@pytest.mark.parametrize("n_envs", [None, 3])
@pytest.mark.parametrize("probe", PROBES)
def test_it_learns_the_values_of_probes(probe: type[Probe], n_envs: int | None) -> None:
    torch.manual_seed(0)
    model = _network(3, features=16)
    agent = _agent(
        model,
        torch.optim.Adam(model.parameters(), lr=0.02),
        huber_threshold=1.0,
        discount_factor=0.5,
        target=10,
    )
    play(agent, probe(), ticks=600 if n_envs is None else 200, n_envs=n_envs)
    for known in probe().values(0.5):
        quantiles = agent.q.no_grad(known.state, torch.tensor([0.1, 0.5, 0.9]))
        for action, value in known.action_values.items():
            # The return is certain, so that every quantile is the value.
            assert quantiles[int(action)].tolist() == pytest.approx([value] * 3, abs=0.15)


def test_it_learns_the_quantile_function_of_a_random_reward() -> None:
    """A terminal step with a reward uniform in 0..4: quantile function 4 times the fraction."""
    torch.manual_seed(0)
    model = _network(1, features=32, cosines=16)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    agent = _agent(model, optimizer, huber_threshold=0.0, n_fractions=16, n_target_fractions=1)
    generator = torch.Generator().manual_seed(0)
    state = State({"observation": torch.ones(1)})
    for _ in range(500):
        reward = 4.0 * float(torch.rand((), generator=generator))
        agent.act(state)
        agent.act(State({"observation": torch.ones(1), "reward": reward, "done": True}))
    optimizer.param_groups[0]["lr"] = 0.001
    agent._updates -= 200
    agent._train()
    fractions = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9])
    for quantiles in agent.q.no_grad(state, fractions):
        assert quantiles.tolist() == pytest.approx((4 * fractions).tolist(), abs=0.3)


def test_a_resumed_agent_goes_on_as_if_nothing_had_happened() -> None:
    torch.manual_seed(1)
    agent, other = (_agent(_network(3)) for _ in range(2))
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
