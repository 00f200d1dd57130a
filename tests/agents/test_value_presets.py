"""How double DQN, C51 and Rainbow are composed, beyond what the contract tests ask of every preset."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from all_agents.compositions.ddqn import SharedBiasLinear
from all_agents.presets.classic import c51, ddqn, dqn, iqn, qrdqn, rainbow
from allcore.core import State
from allcore.environments import GymEnvironment
from allcore.memory import ExperienceReplayBuffer, NStepReplayBuffer, PrioritizedReplayBuffer
from allcore.nn import CategoricalDueling, NoisyFactorizedLinear
from allcore.optim import Adam, CentredRMSprop
from allcore.presets import Preset, PresetBuilder


def _preset(builder: PresetBuilder, **changes: object) -> Preset:
    return builder.hyperparameters(**changes).env(GymEnvironment("CartPole-v1")).seed(0).build()


def _observation(*numbers: float) -> State:
    return State({"observation": torch.tensor(numbers)})


@pytest.mark.parametrize(("hidden", "inputs"), [((8, 6), 6), ((), 4)])
def test_all_actions_may_share_one_bias(hidden: tuple[int, ...], inputs: int) -> None:
    preset = _preset(ddqn, shared_bias=True, hidden=hidden)
    last = list(preset.model.modules())[-1]
    assert isinstance(last, SharedBiasLinear)
    assert (tuple(last.weight.shape), tuple(last.bias.shape)) == ((2, inputs), (1,))
    x = torch.randn(3, inputs)
    assert torch.allclose(last(x), x @ last.weight.T + last.bias.item())
    plain = list(_preset(ddqn).model.modules())[-1]
    assert tuple(plain.bias.shape) == (2,)


def test_a_preset_names_its_optimizer() -> None:
    name = "all_agents.compositions.optimizers:centred_rmsprop"
    optimizer = _preset(ddqn, optimizer=name, lr=0.1, eps=0.5).agent().q.optimizer
    assert isinstance(optimizer, CentredRMSprop)
    group = optimizer.param_groups[0]
    assert (group["lr"], group["eps"], group["alpha"]) == (0.1, 0.5, 0.95)
    assert isinstance(_preset(ddqn).agent().q.optimizer, Adam)


@pytest.mark.parametrize("builder", [c51, rainbow])
def test_the_atoms_are_those_that_the_preset_names(builder: PresetBuilder) -> None:
    agent = _preset(builder, n_atoms=5, v_min=-1.0, v_max=3.0, clip_grad=0.5).agent()
    assert agent.q_dist.atoms.tolist() == [-1.0, 0.0, 1.0, 2.0, 3.0]
    assert agent.q_dist(_observation(0.0, 0.0, 0.0, 0.0)).shape == (2, 5)
    assert agent.q_dist.clip_grad == 0.5


@pytest.mark.parametrize("builder", [dqn, ddqn, c51, qrdqn, iqn])
def test_a_preset_names_the_steps_of_its_targets(builder: PresetBuilder) -> None:
    several = _preset(builder, n_steps=4, discount_factor=0.9).agent().replay_buffer
    assert isinstance(several, NStepReplayBuffer)
    assert (several.n_steps, several.discount_factor) == (4, 0.9)
    assert isinstance(several.buffer, ExperienceReplayBuffer)
    assert isinstance(_preset(builder, n_steps=1).agent().replay_buffer, ExperienceReplayBuffer)


def test_rainbow_is_all_six() -> None:
    """Double and distributional are the agent; the other four are its parts."""
    preset = _preset(rainbow, n_steps=4, priority_alpha=0.3, replay_start_size=100)
    agent = preset.agent(train_steps=1000)
    replay = agent.replay_buffer
    assert isinstance(replay, NStepReplayBuffer)
    assert (replay.n_steps, replay.discount_factor) == (4, agent.discount_factor)
    assert isinstance(replay.buffer, PrioritizedReplayBuffer)
    assert replay.buffer.alpha == 0.3
    assert [replay.buffer.beta(step) for step in (0, 100, 550, 1000)] == pytest.approx([0.4, 0.4, 0.7, 1.0])
    assert replay.buffer.stored == 0
    assert agent.policy.epsilon(0) == 0.0
    dueling = preset.model[-1]
    assert isinstance(dueling, CategoricalDueling)
    linear = [layer for layer in dueling.modules() if hasattr(layer, "weight")]
    assert len(linear) == 2 * (1 + len(preset.hyperparameters.hidden))
    assert all(isinstance(layer, NoisyFactorizedLinear) for layer in linear)
    shared = [layer for layer in preset.model[0].modules() if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in shared] == list(preset.hyperparameters.shared_hidden)


def test_the_noise_is_as_wide_as_the_preset_says() -> None:
    layers = [m for m in _preset(rainbow, noisy_sigma=0.25).model.modules() if hasattr(m, "weight_sigma")]
    for layer in layers:
        expected = torch.full_like(layer.weight_sigma, 0.25 / layer.weight.shape[1] ** 0.5)
        assert torch.allclose(layer.weight_sigma, expected)


def test_a_test_agent_has_no_noise_and_takes_none_from_the_training_agent() -> None:
    state = _observation(0.1, -0.2, 0.05, 0.3)
    preset, undisturbed = _preset(rainbow), _preset(rainbow)
    training, twin = preset.agent().q_dist, undisturbed.agent().q_dist
    values = []
    for _ in range(3):
        policy = preset.test_agent()._policy.__self__
        policy.eval(state)
        with policy.q.evaluating():
            values.append(policy.q.action_values(state))
    assert torch.equal(values[0], values[1])
    assert torch.equal(values[0], values[2])
    drawn = [training.action_values(state) for _ in range(2)]
    assert not torch.equal(drawn[0], drawn[1])
    assert [twin.action_values(state).tolist() for _ in range(2)] == [values.tolist() for values in drawn]
