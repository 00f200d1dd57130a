"""What A2C and PPO have in common: networks for policy and values, bodies that normalise, and how they play."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from torch import nn

from all_agents.compositions.groups import Learning, Network, Precision
from all_agents.compositions.networks import feature_size
from all_agents.compositions.parts import play
from allcore.agents import PolicyAgent
from allcore.bodies import NormalizeObservations, NormalizeRewards, observation_moments
from allcore.errors import HyperparameterError
from allcore.nn import ActionScale, RunningMoments, SharedLogStd, fully_connected, in_precision, orthogonal
from allcore.policies import GaussianHead, GaussianPolicy, SoftmaxHead, SoftmaxPolicy
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from gymnasium import Space

    from allcore.agents import Agent, ParallelAgent

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


@dataclass(frozen=True, kw_only=True)
class ActorCriticNetwork(Precision, Network):
    """What the networks of policy and values look like."""

    shared_hidden: tuple[int, ...] = described(
        "Width of each hidden layer that policy and values share, on top of the features.",
        unit="units",
        at_least=1,
    )
    hidden: tuple[int, ...] = described(
        "Width of each hidden layer that policy and values have for themselves, on top of those they share.",
        unit="units",
        at_least=1,
    )
    activation: str = described("What is between two layers: tanh or relu.")
    normalize_observations: bool = described(
        "Bring observations to mean 0 and deviation 1, by all that was seen so far."
    )


@dataclass(frozen=True, kw_only=True)
class ActorCriticLearning(Learning):
    """How policy and values are learnt, by one optimizer."""

    lam: float = described(
        "The lambda of advantages: 0 looks one step ahead, 1 as far as the rollout goes.",
        at_least=0.0,
        at_most=1.0,
    )
    value_loss_scaling: float = described("Factor on the mean squared error of the values.", at_least=0.0)
    entropy_loss_scaling: float = described(
        "Factor on the policy's entropy, which is kept high.", at_least=0.0
    )
    clip_grad: float = described("The largest norm of all gradients together; 0 clips nothing.", at_least=0.0)
    normalize_rewards: bool = described(
        "Divide rewards by the deviation of their discounted sum, by all that was seen so far."
    )
    sample_in_tests: bool = described(
        "Draw actions in evaluation, as in training; otherwise the likeliest one is taken."
    )


@dataclass(frozen=True, kw_only=True)
class ContinuousActions:
    """What only agents have whose actions are vectors."""

    initial_std: float = described(
        "Standard deviation of actions at first.",
        unit="half an action's range",
        above=0.0,
    )


class ActorCriticNetworks(nn.Module):
    """Features, and on top of them a policy and values, which may share layers.

    Weights of hidden layers are orthogonal with gain sqrt(2), those of the policy's last layer with 0.01, of the values' with
    1 (Huang et al., 2022, detail 2). The features are as they were made.

    Actions that are vectors are Gaussian, with means that know no bounds and deviations that no state changes (details 24 and
    25), both in units of half the distance of the action's bounds; the environment clips.

    Attributes:
        features: from observations to features `[N, F]`.
        policy: from features to logits `[N, A]`, or to means and logarithms of deviations `[N, 2 * A]`.
        value: from features to values `[N, 1]`.
    """

    def __init__(self, setting: Setting) -> None:
        """Make them for the spaces and hyperparameters of a preset.

        Raises:
            HyperparameterError: activation or precision has no such name, or the features are not `[N, F]`.
        """
        super().__init__()
        hp = setting.hyperparameters
        if hp.activation not in _ACTIVATIONS:
            raise HyperparameterError(
                f"{setting.name}: there is no activation {hp.activation!r}",
                hint=f"There are {', '.join(_ACTIVATIONS)}.",
            )
        activation = _ACTIVATIONS[hp.activation]
        space = _seen(setting.observation_space) if hp.normalize_observations else setting.observation_space
        features = hp.features(space)
        if hp.shared_hidden:
            *hidden, last = hp.shared_hidden
            shared = fully_connected(feature_size(features, space), hidden, last, activation)
            features = nn.Sequential(features, orthogonal(shared), activation())
        size = feature_size(features, space)
        self.features = in_precision(features, hp.precision)
        self.value = orthogonal(fully_connected(size, hp.hidden, 1, activation), last_gain=1.0)
        n_numbers = _numbers(setting.action_space)
        logits_or_means = orthogonal(fully_connected(size, hp.hidden, n_numbers, activation), last_gain=0.01)
        self.policy: nn.Module = logits_or_means
        if isinstance(setting.action_space, Box):
            scale = ActionScale(setting.action_space)
            means = nn.Sequential(logits_or_means, scale)
            self.policy = SharedLogStd(means, torch.log(hp.initial_std * scale.scale))
        self._gaussian = isinstance(setting.action_space, Box)

    def head(self, generator: torch.Generator) -> SoftmaxHead | GaussianHead:
        """The policy as a head for an `ActorCritic`, drawing from a generator of its own."""
        return GaussianHead(self.policy, generator) if self._gaussian else SoftmaxHead(self.policy, generator)

    def player(self, generator: torch.Generator) -> SoftmaxPolicy | GaussianPolicy:
        """A copy of features and policy as they are now, for playing."""
        model = copy.deepcopy(nn.Sequential(self.features, self.policy))
        return (GaussianPolicy if self._gaussian else SoftmaxPolicy)(model, generator=generator)


class ActorCriticPreset(Preset):
    """The half of A2C's and PPO's presets that is the same: all but the training agent."""

    parallel = True

    def __init__(self, setting: Setting) -> None:
        """Make the networks and, where something is normalised, the moments."""
        super().__init__(setting)
        hp = self.hyperparameters
        self.networks = ActorCriticNetworks(setting).to(self.device)
        # They stay on the CPU, beside the environment.
        self.observation_moments = (
            observation_moments(setting.observation_space) if hp.normalize_observations else None
        )
        self.return_moments = RunningMoments() if hp.normalize_rewards else None

    def in_body(self, agent: Agent | ParallelAgent) -> Agent | ParallelAgent:
        """A training agent in the bodies that normalise what it sees."""
        if self.return_moments is not None:
            agent = NormalizeRewards(agent, self.return_moments, self.hyperparameters.discount_factor)
        if self.observation_moments is not None:
            agent = NormalizeObservations(agent, self.observation_moments)
        return agent

    def test_agent(self) -> Agent:
        """An agent that acts by a copy of the policy as it is now."""
        policy = self.networks.player(self.seeds.generator("test policy"))
        agent: Agent = PolicyAgent(partial(play, policy, self.hyperparameters.sample_in_tests))
        if self.observation_moments is not None:
            agent = NormalizeObservations(agent, copy.deepcopy(self.observation_moments), learn=False)
        return agent


def _numbers(action_space: Space[Any]) -> int:
    """How many numbers the policy's network gives for each observation, deviations left out."""
    if isinstance(action_space, Discrete):
        return int(action_space.n)
    assert action_space.shape is not None
    return int(np.prod(action_space.shape))


def _seen(space: Space[Any]) -> Space[Any]:
    """The space of normalised observations, which have no bounds any more."""
    if isinstance(space, Box):
        return Box(-np.inf, np.inf, space.shape, np.float32)
    return space
