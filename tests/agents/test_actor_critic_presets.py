"""What the presets of A2C and PPO do beyond composing: first weights, schedules, normalised observations, how they play."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from torch import nn

from all_agents.presets import classic, continuous
from allcore.bodies import NormalizeObservations, NormalizeRewards
from allcore.core import State
from allcore.environments import GymEnvironment
from allcore.errors import HyperparameterError
from allcore.experiments import ParallelEnvExperiment
from allcore.logging import Logger
from allcore.optim import RMSpropTF
from allcore.presets import Preset, PresetBuilder

SPACE = Box(-np.inf, np.inf, (3,), np.float32)
NARROW = Box(np.array([-2.0, 0.0], np.float32), np.array([2.0, 0.1], np.float32))


def _build(builder: PresetBuilder, action_space: Any, seed: int = 0, **changes: Any) -> Preset:
    """For made-up observations of three numbers."""
    made = builder.hyperparameters(**changes).seed(seed)
    return made.build_for(SPACE, action_space, environment="nothing")


def _linears(module: nn.Module) -> list[nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize("builder", [classic.a2c, classic.ppo])
def test_policy_and_values_share_nothing_and_begin_orthogonal(builder: PresetBuilder) -> None:
    networks = _build(builder, Discrete(4)).networks
    policy, value = _linears(networks.policy), _linears(networks.value)
    assert not set(networks.policy.parameters()) & set(networks.value.parameters())
    for layers, last in ((policy, 0.01), (value, 1.0)):
        gains = [torch.linalg.matrix_norm(layer.weight, 2).item() for layer in layers]
        assert gains == pytest.approx([2**0.5, 2**0.5, last])
        assert not any(layer.bias.any() for layer in layers)


def test_shared_layers_are_shared() -> None:
    networks = _build(classic.ppo, Discrete(4), shared_hidden=(8, 6), hidden=()).networks
    assert [(layer.in_features, layer.out_features) for layer in _linears(networks.features)] == [
        (3, 8),
        (8, 6),
    ]
    assert isinstance(networks.features[-1], nn.Tanh)
    assert [layer.in_features for layer in (*_linears(networks.policy), *_linears(networks.value))] == [6, 6]


@pytest.mark.parametrize("builder", [continuous.a2c, continuous.ppo])
def test_actions_begin_around_the_middle_of_their_bounds(builder: PresetBuilder) -> None:
    preset = _build(builder, NARROW, initial_std=0.5)
    policy = preset.networks.player(torch.Generator())
    distribution = policy.eval(State({"observation": torch.ones(3)}))
    assert distribution.mean.tolist() == pytest.approx([0.0, 0.05], abs=0.05)
    assert distribution.log_std.exp().tolist() == pytest.approx([0.5 * 2.0, 0.5 * 0.05])


@pytest.mark.parametrize(
    ("builder", "space"),
    [
        (classic.a2c, Discrete(3)),
        (classic.ppo, Discrete(3)),
        (continuous.a2c, NARROW),
        (continuous.ppo, NARROW),
    ],
)
def test_one_optimizer_has_every_parameter(builder: PresetBuilder, space: Any) -> None:
    preset = _build(builder, space)
    agent: Any = preset.agent()
    while hasattr(agent, "agent"):
        agent = agent.agent
    (group,) = agent.actor_critic.optimizer.param_groups
    assert set(group["params"]) == set(preset.parameters())
    assert isinstance(agent.actor_critic.optimizer, RMSpropTF) == ("a2c" in preset.name)
    assert (group["lr"], group["eps"]) == (preset.hyperparameters.lr, preset.hyperparameters.eps)


class Told(Logger):
    def __init__(self) -> None:
        super().__init__(Path())
        self.frames: dict[str, list[int]] = {}

    def debug(self, name: str, value: Any, frame: int) -> None:
        self.frames.setdefault(name, []).append(frame)


@pytest.mark.parametrize("name", ["a2c", "ppo"])
def test_step_size_and_clip_fall_with_agent_steps(name: str) -> None:
    """Games end after two steps, so that a third of the rollouts' rows are no steps: they count for nothing."""
    more = {"n_epochs": 2, "n_minibatches": 2, "final_clip_factor": 0.25} if name == "ppo" else {}
    builder: PresetBuilder = getattr(classic, name)
    env = GymEnvironment("CartPole-v1", max_episode_steps=2)
    small = builder.hyperparameters(
        n_envs=2, n_steps=5, lr=0.1, final_lr_factor=0.5, normalize_rewards=False, **more
    )
    loop = ParallelEnvExperiment(small.env(env).seed(0).build(), env, train_steps=60)
    agent: Any = loop._agent
    optimizer, rates = agent.actor_critic.optimizer, {}
    optimizer.register_step_pre_hook(
        lambda optimizer, *_: rates.setdefault(agent.steps, set()).add(optimizer.param_groups[0]["lr"])
    )
    loop.train(frames=60)
    assert len(rates) >= 8
    for steps, used in rates.items():  # the same in all updates from one rollout
        assert [*used] == [pytest.approx(0.1 - 0.05 * steps / 60)]
    assert min(rates) > 0
    assert max(rates) <= 60
    if name == "ppo":
        assert [agent.clip_ratio(steps) for steps in (0, 30, 60)] == pytest.approx([0.2, 0.125, 0.05])


def test_logs_are_by_agent_steps() -> None:
    env = GymEnvironment("CartPole-v1")
    told = Told()
    agent: Any = (
        classic.a2c.hyperparameters(n_envs=2, n_steps=5, normalize_rewards=False)
        .env(env)
        .seed(0)
        .build()
        .agent(told)
    )
    states = State.array([env.reset(seed=0), env.reset(seed=1)])
    while agent.actor_critic.updates == 0:
        agent.act(states)
    assert told.frames["loss/actor_critic"] == [10]


def test_without_an_end_of_training_nothing_falls() -> None:
    agent: Any = _build(continuous.ppo, NARROW, final_clip_factor=0.0).agent()
    ppo = agent.agent.agent
    assert ppo.clip_ratio(10**9) == 0.2
    assert ppo.actor_critic.optimizer.param_groups[0]["lr"] == 1e-3


def test_observations_and_rewards_are_normalised_in_training_and_frozen_in_evaluation() -> None:
    env = GymEnvironment("Pendulum-v1")
    preset = continuous.ppo.hyperparameters(n_envs=2, n_steps=20).env(env).seed(0).build()
    loop = ParallelEnvExperiment(preset, env, train_steps=200)
    loop.train(frames=200)
    agent: Any = loop._agent
    assert isinstance(agent, NormalizeObservations)
    assert isinstance(agent.agent, NormalizeRewards)
    assert preset.observation_moments.count.item() == 200
    assert preset.return_moments.count.item() > 150
    saved = preset.state_dict()
    assert "observation_moments.mean" in saved
    tester: Any = preset.test_agent()
    state = env.reset(seed=5)
    tester.act(state)
    assert preset.observation_moments.count.item() == 200
    assert tester.moments.count.item() == 200
    # It plays by what it sees through the moments of its moment.
    seen = preset.observation_moments.normalize(state.observation, 1e-8)
    expected = preset.networks.player(torch.Generator()).eval(State({"observation": seen})).mode()
    assert torch.allclose(tester.act(state), expected, atol=1e-6)
    loop.train(frames=300)
    assert tester.moments.count.item() == 200
    loop.close()


def test_features_of_normalised_observations_are_not_scaled_once_more() -> None:
    env = GymEnvironment("Pendulum-v1")  # its speed is bounded by 8
    raw, normalised = (
        continuous.ppo.hyperparameters(normalize_observations=normalise).env(env).build()
        for normalise in (False, True)
    )
    x = torch.ones(1, 3)
    assert normalised.networks.features(x).tolist() == [[1.0, 1.0, 1.0]]
    assert raw.networks.features(x).tolist() == [[1.0, 1.0, 0.125]]


def test_tests_draw_only_where_a_preset_says_so() -> None:
    state = State({"observation": torch.ones(3)})
    drawing, choosing = (
        _build(classic.ppo, Discrete(4), sample_in_tests=sample).test_agent() for sample in (True, False)
    )
    assert {choosing.act(state).item() for _ in range(30)} == {choosing.act(state).item()}
    assert len({drawing.act(state).item() for _ in range(30)}) == 4
    # The seed alone decides what is drawn.
    again = [
        [agent.act(state).item() for _ in range(10)]
        for agent in (_build(classic.ppo, Discrete(4), sample_in_tests=True).test_agent() for _ in range(2))
    ]
    assert again[0] == again[1]


def test_an_unknown_activation_is_refused() -> None:
    with pytest.raises(HyperparameterError, match="'gelu'") as error:
        _build(classic.ppo, Discrete(2), activation="gelu")
    assert error.value.hint == "There are relu, tanh."


def test_orthogonal_nature_convolutions() -> None:
    from all_atari.models import orthogonal_nature_convolutions

    model = orthogonal_nature_convolutions(Box(0, 255, (4, 84, 84), np.uint8))
    layers = [layer for layer in model if isinstance(layer, nn.Conv2d)]
    assert len(layers) == 3
    for layer in layers:
        rows = layer.weight.reshape(len(layer.weight), -1)
        assert torch.allclose(rows @ rows.T, 2 * torch.eye(len(rows)), atol=1e-5)
        assert layer.weight.is_contiguous(memory_format=torch.channels_last)
