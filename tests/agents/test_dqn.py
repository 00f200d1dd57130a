"""DQN: one update by hand, when it learns, and what it learns in environments of known value."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import huber_loss, mse_loss

from all_agents.agents import DQN
from allcore.approximation import FixedTarget, QNetwork
from allcore.checkpoint import load_state, save_state
from allcore.experiments import ParallelEnvExperiment, SingleEnvExperiment
from allcore.memory import ExperienceReplayBuffer
from allcore.policies import GreedyPolicy
from allcore.seeding import Seeds
from allcore.testing import PROBES, OneMinibatch, Probe, ScriptedEnvironment, Staggered, Step, play


def _agent(model: nn.Module, *, lr: float = 0.1, target: int = 1, **options: object) -> DQN:
    seeds = Seeds(0)
    q = QNetwork(model, torch.optim.SGD(model.parameters(), lr=lr), target=FixedTarget(target))
    defaults = {"discount_factor": 0.9, "minibatch_size": 4, "replay_start_size": 1, "update_frequency": 1}
    return DQN(
        q,
        GreedyPolicy(q, 2, epsilon=1.0, generator=seeds.generator("policy")),
        ExperienceReplayBuffer(1000, generator=seeds.generator("replay")),
        **(defaults | options),
    )


class OnePreset:
    """As much of a preset as a control loop uses."""

    def __init__(self, agent: DQN, n_envs: int = 1) -> None:
        self.made, self.n_envs, self.seeds = agent, n_envs, Seeds(0)

    def agent(self, logger: object = None, train_steps: float = 0) -> DQN:
        return self.made


def test_one_update_equals_the_equations() -> None:
    """Three transitions with weights, one of them terminal, one of them three steps long, worked out with NumPy."""
    model = nn.Linear(2, 2)
    agent = _agent(model, replay_start_size=-1)
    old, bias = model.weight.detach().numpy().copy(), model.bias.detach().numpy().copy()
    # The target network is another one, so that the two cannot be mixed up.
    with torch.no_grad():
        model.weight.add_(0.5)
    new = old + 0.5
    x, y = np.array([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.3]]), np.array([[0.0, 1.0], [3.0, 3.0], [2.0, -1.0]])
    actions, rewards, masks = np.array([1, 0, 1]), np.array([1.0, -2.0, 0.3]), np.array([1.0, 0.0, 1.0])
    steps, weights = np.array([1.0, 1.0, 3.0]), np.array([0.5, 1.0, 0.8])
    agent.replay_buffer = OneMinibatch(x, actions, rewards, y, masks=masks, steps=steps, weights=weights)
    agent._train()

    values = (x @ new.T + bias)[np.arange(3), actions]
    targets = rewards + 0.9**steps * masks * (y @ old.T + bias).max(axis=1)
    slope = weights * np.clip(values - targets, -1.0, 1.0) / 3  # of the mean Huber loss
    expected_weight, expected_bias = new.copy(), bias.copy()
    for index, action in enumerate(actions):
        expected_weight[action] -= 0.1 * slope[index] * x[index]
        expected_bias[action] -= 0.1 * slope[index]
    assert model.weight.detach().numpy() == pytest.approx(expected_weight, abs=1e-5)
    assert model.bias.detach().numpy() == pytest.approx(expected_bias, abs=1e-5)
    (priorities,) = agent.replay_buffer.priorities
    assert priorities.numpy() == pytest.approx(np.abs(targets - values), abs=1e-5)
    assert not priorities.requires_grad


@pytest.mark.parametrize("loss", [mse_loss, partial(huber_loss, delta=10.0)])
def test_any_of_torchs_losses_will_do(loss: Callable[..., torch.Tensor]) -> None:
    """Errors below 10: the square, or half of it."""
    model = nn.Linear(1, 1, bias=False)
    agent = _agent(model, loss=loss, replay_start_size=-1)
    start = model.weight.item()
    agent.replay_buffer = OneMinibatch([[1.0]], [0], [2.0], [[1.0]], masks=[0.0])
    agent._train()
    slope = (start - 2.0) * (2.0 if loss is mse_loss else 1.0)
    assert model.weight.item() == pytest.approx(start - 0.1 * slope, abs=1e-5)


@pytest.mark.parametrize("n_envs", [1, 3])
@pytest.mark.parametrize(("start", "frequency"), [(10, 1), (10, 4), (7, 3)])
def test_updates_per_agent_step_do_not_depend_on_the_number_of_environments(
    n_envs: int, start: int, frequency: int
) -> None:
    env = ScriptedEnvironment([[Step(), Step(), Step(terminated=True)], [Step(truncated=True)]])
    agent = _agent(nn.Linear(2, 2), lr=0.0, replay_start_size=start, update_frequency=frequency)
    loop = SingleEnvExperiment if n_envs == 1 else ParallelEnvExperiment
    experiment = loop(OnePreset(agent, n_envs), env)
    experiment.train(frames=60)
    agent.act(env.state if n_envs == 1 else experiment._envs.state_array)
    assert agent.q.updates == (experiment.frame - start) // frequency


@pytest.mark.parametrize("n_envs", [None, 3])
@pytest.mark.parametrize("probe", PROBES)
def test_it_finds_the_values_of(probe: type[Probe], n_envs: int | None) -> None:
    torch.manual_seed(0)
    agent = _agent(nn.Linear(3, 2), target=10, minibatch_size=32, loss=mse_loss, discount_factor=0.5)
    play(agent, probe(), ticks=900 if n_envs is None else 300, n_envs=n_envs)
    for known in probe().values(discount_factor=0.5):
        values = agent.q.no_grad(known.state).tolist()
        assert values == pytest.approx(list(known.action_values.values()), abs=0.02)


@pytest.mark.parametrize("n_envs", [None, 3])
def test_a_loaded_agent_goes_on_bit_for_bit(n_envs: int | None, tmp_path: Path) -> None:
    one, two = (_agent(nn.Linear(3, 2)) for _ in range(2))
    probe = Staggered() if n_envs is None else Staggered().duplicate(n_envs)
    state = probe.reset(seed=0)
    for tick in range(60):
        if tick == 30:
            save_state(tmp_path / "agent", one.state_dict())
            two.load_state_dict(load_state(tmp_path / "agent"))
        action = one.act(state)
        assert tick < 30 or torch.equal(two.act(state), action)
        state = probe.step(action)
    for mine, its in zip(one.q.model.parameters(), two.q.model.parameters(), strict=True):
        assert torch.equal(mine, its)
    assert one.replay_buffer.stored == two.replay_buffer.stored
