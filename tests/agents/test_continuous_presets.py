"""What the compositions of DDPG, TD3, SAC, TQC and CrossQ do beyond putting parts together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from torch import nn

from all_agents.presets.continuous import a2c, crossq, ddpg, ppo, sac, td3, tqc, vpg
from all_mujoco.presets import crossq as mujoco_crossq, tqc as mujoco_tqc
from allcore.core import State, StateArray
from allcore.errors import DomainError, HyperparameterError
from allcore.nn import BatchRenorm, StackedLinear
from allcore.presets import Preset, PresetBuilder

ALL = (ddpg, td3, sac, tqc, crossq)
SEEN = Box(np.array([-4.0, -np.inf], np.float32), np.array([4.0, np.inf], np.float32))
ACTIONS = Box(np.array([-1.0, 0.0, 5.0], np.float32), np.array([3.0, 10.0, 7.0], np.float32))


def _preset(builder: PresetBuilder, actions: Any = ACTIONS, seen: Any = SEEN, **changes: Any) -> Preset:
    small = {"replay_buffer_size": 100, "hidden": (8,), "critic_hidden": (8,)}
    return builder.hyperparameters(**(small | changes)).seed(0).build_for(seen, actions, environment="test")


def _critics(preset: Preset) -> nn.Sequential:
    return preset.critic if hasattr(preset, "critic") else preset.critics


@pytest.mark.parametrize("builder", ALL)
def test_critics_see_observations_and_actions_with_bounds_alike(builder: PresetBuilder) -> None:
    preset = _preset(builder)
    layers: list[nn.Module] = list(_critics(preset).children())
    seen: list[torch.Tensor] = []
    layers[0].register_forward_hook(lambda layer, inputs, output: seen.append(output))
    agent = preset.agent()
    agent.q.eval(
        StateArray({"observation": torch.tensor([[4.0, 9.0]])}, (1,)), torch.tensor([[3.0, 0.0, 6.0]])
    )
    assert seen[0].tolist() == [[1.0, 9.0, 1.0, -1.0, 0.0]]


@pytest.mark.parametrize("builder", ALL)
def test_a_test_agent_always_acts_alike_and_within_the_bounds(builder: PresetBuilder) -> None:
    agent = _preset(builder).test_agent()
    states = StateArray({"observation": torch.randn(50, 2) * 100}, (50,))
    actions = agent.act(states)
    assert actions.shape == (50, 3)
    assert torch.equal(agent.act(states), actions)
    low, high = torch.tensor(ACTIONS.low), torch.tensor(ACTIONS.high)
    assert ((actions >= low - 1e-5) & (actions <= high + 1e-5)).all()
    single = agent.act(State({"observation": states.observation[0]}))
    assert torch.allclose(single, actions[0], atol=1e-4)


@pytest.mark.parametrize("builder", [sac, tqc, crossq])
def test_the_target_entropy_counts_the_numbers_in_an_action(builder: PresetBuilder) -> None:
    agent = _preset(builder, initial_temperature=0.5).agent()
    assert agent.target_entropy == -3.0
    assert agent.log_temperature.no_grad().exp().item() == pytest.approx(0.5)


def test_all_of_td3s_targets_follow_its_actor() -> None:
    agent = _preset(td3, policy_delay=3).agent()
    assert agent.policy_delay == 3
    assert agent.q._target.update_frequency == 3
    assert agent.policy._target.update_frequency == 1


def test_step_sizes_fall_with_the_updates_that_there_are() -> None:
    """11 agent steps, learning from the first: 10 updates of the critics, 5 of an actor with a delay of 2."""
    agent = _preset(td3, replay_start_size=1, final_lr_factor=0.5, lr=0.1, policy_lr=0.2).agent(
        train_steps=11
    )
    for _ in range(12):
        agent.act(State({"observation": torch.zeros(2)}))
    assert (agent.q.updates, agent.policy.updates) == (10, 5)
    assert agent.q.optimizer.param_groups[0]["lr"] == pytest.approx(0.05)
    assert agent.policy.optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


def test_crossq_is_normalised_before_every_linear_layer_and_has_no_target() -> None:
    preset = _preset(crossq, hidden=(8, 6), critic_hidden=(7, 5), norm_rate=0.2)
    for network, linear in ((preset.actor, nn.Linear), (preset.critics, StackedLinear)):
        layers = list(network.children())[1:]
        kinds = [type(layer) for layer in layers]
        assert kinds == [BatchRenorm, linear, nn.ReLU, BatchRenorm, linear, nn.ReLU, BatchRenorm, linear]
        assert {layer.rate for layer in layers if isinstance(layer, BatchRenorm)} == {0.2}
    agent = preset.agent()
    assert agent.q.state_dict()["target"] == {}
    assert agent.q.optimizer.param_groups[0]["betas"] == (0.5, 0.999)
    assert agent.policy.optimizer.param_groups[0]["betas"] == (0.5, 0.999)


def test_tqc_must_keep_some_quantiles() -> None:
    with pytest.raises(HyperparameterError, match="drop 25 of 25 quantiles"):
        _preset(tqc, n_dropped=25)
    agent = _preset(tqc, n_critics=3, n_quantiles=4).agent()
    states = StateArray({"observation": torch.zeros(2, 2)}, (2,))
    assert agent.q.no_grad(states, torch.zeros(2, 3)).shape == (3, 2, 4)


def test_the_papers_networks() -> None:
    seen, actions = Box(-np.inf, np.inf, (17,)), Box(-1.0, 1.0, (6,))
    critics = mujoco_tqc.build_for(seen, actions, environment="test").critics
    shapes = [tuple(layer.weight.shape) for layer in critics.modules() if isinstance(layer, StackedLinear)]
    assert shapes == [(5, 23, 512), (5, 512, 512), (5, 512, 512), (5, 512, 25)]
    critics = mujoco_crossq.build_for(seen, actions, environment="test").critics
    shapes = [tuple(layer.weight.shape) for layer in critics.modules() if isinstance(layer, StackedLinear)]
    assert shapes == [(2, 23, 2048), (2, 2048, 2048), (2, 2048, 1)]


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (Discrete(2), "vectors of numbers"),
        (Box(-1.0, 1.0, (2, 2)), "vectors of numbers"),
        (Box(-np.inf, np.inf, (2,)), "no finite bounds"),
    ],
)
@pytest.mark.parametrize("builder", ALL)
def test_actions_of_another_kind_are_refused(builder: PresetBuilder, actions: Any, words: str) -> None:
    with pytest.raises(DomainError, match=words):
        _preset(builder, actions)


@pytest.mark.parametrize("builder", [a2c, ppo, vpg])
def test_a_gaussian_s_actions_need_no_bounds(builder: PresetBuilder) -> None:
    half = Box(np.array([-np.inf, -3.0], np.float32), np.array([np.inf, 3.0], np.float32))
    preset = builder.hyperparameters(hidden=(8,)).seed(0).build_for(SEEN, half, environment="test")
    states = StateArray({"observation": torch.randn(4, 2), "done": torch.zeros(4, dtype=torch.bool)}, (4,))
    actions = preset.parallel_test_agent().act(states)
    assert actions.shape == (4, 2)
    assert actions.isfinite().all()
    with pytest.raises(DomainError, match="vectors of numbers"):
        builder.seed(0).build_for(SEEN, Discrete(2), environment="test")
