"""What the preset `classic.dqn` does beyond composing: scaled features, a falling step size, weights from the seed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from all_agents.models import Bounded
from all_agents.presets.classic import dqn
from allcore.environments import GymEnvironment
from allcore.presets import Preset


def _preset(seed: int, **changes: object) -> Preset:
    return dqn.hyperparameters(**changes).env(GymEnvironment("CartPole-v1")).seed(seed).build()


def test_bounded_features_come_to_one_scale_and_others_stay() -> None:
    most = np.finfo(np.float32).max
    low, high = ([-4, 0, -np.inf, -most, -40, -10], [4, 10, np.inf, most, 60, 10])
    space = Box(np.array(low, dtype=np.float32), np.array(high, dtype=np.float32), dtype=np.float32)
    scaled = Bounded(space)(
        torch.tensor([[2.0, 10.0, 7.0, -3.0, 60.0, 5.0], [-4.0, 0.0, 0.0, 1.0, 10.0, -10.0]])
    )
    assert scaled.tolist() == [[0.5, 1.0, 7.0, -3.0, 10.0, 0.5], [-1.0, -1.0, 0.0, 1.0, 0.0, -1.0]]


def test_the_network_sees_scaled_features() -> None:
    preset = _preset(0)
    angle_bound = GymEnvironment("CartPole-v1").observation_space.high[2]
    first = next(layer for layer in preset.model.modules() if isinstance(layer, torch.nn.Linear))
    seen: list[torch.Tensor] = []
    first.register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0]))
    preset.model(torch.tensor([[0.0, 0.0, float(angle_bound), 0.0]]))
    assert seen[0][0].tolist() == pytest.approx([0.0, 0.0, 1.0, 0.0])


def test_the_step_size_falls_to_its_end_with_the_last_update() -> None:
    agent = _preset(0, lr=0.1, final_lr_factor=0.5, replay_start_size=10, update_frequency=2).agent(
        train_steps=50
    )
    env = GymEnvironment("CartPole-v1")
    state, seen = env.reset(seed=0), []
    while agent.q.updates < 20:
        seen.append(agent.q.optimizer.param_groups[0]["lr"])
        state = env.step(agent.act(state))
    seen.append(agent.q.optimizer.param_groups[0]["lr"])
    assert seen[0] == pytest.approx(0.1)
    assert seen[-1] == pytest.approx(0.05)
    assert all(later <= earlier for earlier, later in itertools.pairwise(seen))


def test_without_an_end_of_training_nothing_falls() -> None:
    agent = _preset(0, lr=0.1).agent()
    assert agent.q.optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


def test_exploration_falls_to_its_end_at_its_step() -> None:
    epsilon = _preset(0).agent().policy.epsilon
    assert (epsilon(0), epsilon(8000), epsilon(16_000)) == (1.0, pytest.approx(0.52), 0.04)
    assert _preset(0, final_exploration_step=0).agent().policy.epsilon(0) == 0.04


def test_initial_weights_come_from_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = _preset(5).state_dict()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second, other = _preset(5).state_dict(), _preset(6).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
