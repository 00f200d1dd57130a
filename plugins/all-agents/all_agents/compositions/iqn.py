"""How IQN is composed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from all_agents.agents.iqn import IQN
from all_agents.compositions.groups import Compilation, Exploration, Learning, Network, Replay, Targets
from all_agents.compositions.networks import feature_size
from all_agents.compositions.parts import exploring_policy, falling_step_size, greedy_agent, uniform_replay
from allcore.approximation import FixedTarget, QImplicitQuantiles
from allcore.nn import ImplicitQuantileNetwork, fully_connected
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class IQNHyperparameters(Compilation, Targets, Network, Exploration, Replay, Learning):
    """What a preset of IQN can be told: how quantiles are asked for, beside what DQN can be told."""

    huber_threshold: float = described(
        "Error of a quantile at which the loss turns from square to linear; with 0 it is linear.",
        at_least=0.0,
    )
    embedding_hidden: tuple[int, ...] = described(
        "Width of each hidden layer between the features and their product with those of fractions.",
        unit="units",
        at_least=1,
    )
    n_fractions: int = described(
        "Quantiles learnt of each transition in an update.", unit="fractions", at_least=1
    )
    n_target_fractions: int = described(
        "Samples of the return that they are learnt from.", unit="fractions", at_least=1
    )
    n_acting_fractions: int = described(
        "Quantiles whose mean an action is chosen by.", unit="fractions", at_least=1
    )
    n_cosines: int = described(
        "Cosines that a fraction is shown to the network as.", unit="cosines", at_least=1
    )


class IQNPreset(Preset):
    """IQN: features of observations times features of fractions, and fully connected layers on top."""

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        features = hp.features(setting.observation_space)
        size = feature_size(features, setting.observation_space)
        if hp.embedding_hidden:
            *hidden, last = hp.embedding_hidden
            features = nn.Sequential(features, fully_connected(size, hidden, last), nn.ReLU())
            size = last
        head = fully_connected(size, hp.hidden, setting.n_actions)
        self.model = ImplicitQuantileNetwork(features, size, head, hp.n_cosines).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> IQN:
        """A training agent; its step size falls over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer = uniform_replay(self, hp)
        q = QImplicitQuantiles(
            self.model,
            hp.optimizer(self.model.parameters(), lr=hp.lr, eps=hp.eps),
            n_acting=hp.n_acting_fractions,
            generator=self.seeds.generator("fractions"),
            target=FixedTarget(hp.target_update_frequency),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            logger=logger,
            clock=lambda: replay_buffer.stored,
        )
        return IQN(
            q,
            exploring_policy(self, q, hp),
            replay_buffer,
            discount_factor=hp.discount_factor,
            huber_threshold=hp.huber_threshold,
            n_fractions=hp.n_fractions,
            n_target_fractions=hp.n_target_fractions,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the quantile functions as they are now."""
        hp = self.hyperparameters
        q = QImplicitQuantiles(
            copy.deepcopy(self.model),
            None,
            n_acting=hp.n_acting_fractions,
            generator=self.seeds.generator("test fractions"),
        )
        return greedy_agent(self, q, hp.test_exploration)
