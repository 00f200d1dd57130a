"""What the compositions of DDPG, TD3, SAC, TQC and CrossQ share: hyperparameters, networks, test agents."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.spaces import Box
from torch import nn

from all_agents.compositions.networks import feature_size, on_features
from allcore.agents import PolicyAgent
from allcore.nn import BatchRenorm, StackedLinear, stacked_fully_connected
from allcore.policies import DeterministicPolicy, RandomActions, SoftDeterministicPolicy
from allcore.presets import Function, described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.core import State
    from allcore.presets import Preset, Setting


@dataclass(frozen=True, kw_only=True)
class ActorAndCritics:
    """The networks, and how the actor is learnt; the critics' learning is that of `Learning`."""

    features: Function = described(
        "Makes the first part of each network from the space of what it sees, which is observations for the actor and "
        "observations and actions in one vector for critics; its features are [N, F]."
    )
    hidden: tuple[int, ...] = described("Width of each hidden layer of the actor.", unit="units", at_least=1)
    critic_hidden: tuple[int, ...] = described(
        "Width of each hidden layer of a critic.", unit="units", at_least=1
    )
    policy_lr: float = described("The actor's step size at first.", at_least=0.0)


@dataclass(frozen=True, kw_only=True)
class MovingTargets:
    """Target networks that follow slowly."""

    target_rate: float = described(
        "The share of a network in its target after each step of the target (the papers' tau).",
        at_least=0.0,
        at_most=1.0,
    )


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Exploration around the actions of a deterministic actor."""

    noise: float = described(
        "Standard deviation of the noise on actions in training.",
        unit="half the distance of the actions' bounds",
        at_least=0.0,
    )


@dataclass(frozen=True, kw_only=True)
class Entropy:
    """What entropy is worth beside rewards."""

    initial_temperature: float = described(
        "What a nat of entropy is worth at first.", unit="reward", above=0.0
    )
    temperature_lr: float = described("Step size of the temperature's logarithm.", at_least=0.0)
    target_entropy: float = described(
        "The entropy that the temperature keeps the policy at, for each number in an action, with bounds of -1 and 1.",
        unit="nats",
    )


def actor_network(setting: Setting, n_outputs: int) -> nn.Sequential:
    """A network from observations to `[N, n_outputs]`: features, then fully connected layers with ReLU."""
    hp, space = setting.hyperparameters, setting.observation_space
    return on_features(hp.features(space), space, hp.hidden, n_outputs)


def critic_networks(setting: Setting, n_critics: int, n_outputs: int = 1) -> nn.Sequential:
    """Networks from observations and actions in one vector to `[n_critics, N, n_outputs]`, on the same features."""
    features, n_features = _critic_features(setting)
    hidden = setting.hyperparameters.critic_hidden
    return nn.Sequential(features, stacked_fully_connected(n_critics, n_features, hidden, n_outputs))


def critic_network(setting: Setting) -> nn.Sequential:
    """A single one, from observations and actions in one vector to `[N, 1]`."""
    hp = setting.hyperparameters
    space = _seen_by_critics(setting)
    return on_features(hp.features(space), space, hp.critic_hidden, 1)


def normalized_actor_network(setting: Setting, n_outputs: int, rate: float) -> nn.Sequential:
    """`actor_network` with features and hidden layers normalised by the batch, after their activation."""
    hp, space = setting.hyperparameters, setting.observation_space
    features = hp.features(space)
    width = feature_size(features, space)
    layers: list[nn.Module] = [features, BatchRenorm(width, rate=rate)]
    for next_width in hp.hidden:
        layers += [nn.Linear(width, next_width), nn.ReLU(), BatchRenorm(next_width, rate=rate)]
        width = next_width
    return nn.Sequential(*layers, nn.Linear(width, n_outputs))


def normalized_critic_networks(setting: Setting, n_critics: int, rate: float) -> nn.Sequential:
    """`critic_networks` with features and hidden layers normalised by the batch, after their activation."""
    features, width = _critic_features(setting)
    layers: list[nn.Module] = [features, BatchRenorm(width, n_critics, rate=rate)]
    for next_width in setting.hyperparameters.critic_hidden:
        layers += [StackedLinear(n_critics, width, next_width), nn.ReLU()]
        layers += [BatchRenorm(next_width, n_critics, rate=rate)]
        width = next_width
    return nn.Sequential(*layers, StackedLinear(n_critics, width, 1))


def action_space(setting: Setting) -> Box:
    """The bounds of the actions."""
    return _box(setting.action_space)


def action_size(setting: Setting) -> int:
    """How many numbers there are in an action (A)."""
    return int(np.prod(action_space(setting).shape))


def random_actions(preset: Preset) -> RandomActions:
    """The chance in a training agent's actions."""
    generator = preset.seeds.generator("random actions")
    return RandomActions(action_space(preset.setting), generator, preset.device)


def deterministic_test_agent(preset: Preset, actor: nn.Module) -> PolicyAgent:
    """An agent that only plays, by a copy of `actor`."""
    policy = DeterministicPolicy(copy.deepcopy(actor), None, action_space(preset.setting))
    return _acting(policy)


def mean_test_agent(preset: Preset, actor: nn.Module) -> PolicyAgent:
    """An agent that only plays, by the means of a copy of `actor`, which gives means and deviations."""
    space, generator = action_space(preset.setting), preset.seeds.generator("test policy")
    return _acting(SoftDeterministicPolicy(copy.deepcopy(actor), None, space, generator=generator))


# ---- private


def _acting(policy: DeterministicPolicy | SoftDeterministicPolicy) -> PolicyAgent:
    def act(state: State) -> Any:
        return policy.eval(state.to(policy.device)).to(state.device)

    return PolicyAgent(act)


def _critic_features(setting: Setting) -> tuple[nn.Module, int]:
    space = _seen_by_critics(setting)
    features: nn.Module = setting.hyperparameters.features(space)
    return features, feature_size(features, space)


def _seen_by_critics(setting: Setting) -> Box:
    """The space of observation and action in one vector."""
    spaces: Sequence[Box] = (_box(setting.observation_space), action_space(setting))
    low, high = (
        np.concatenate([np.asarray(getattr(space, bound), np.float32).ravel() for space in spaces])
        for bound in ("low", "high")
    )
    return Box(low, high, dtype=np.float32)


def _box(space: Any) -> Box:
    assert isinstance(space, Box)  # the preset's check has seen to it
    return space
