"""How DQN is composed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from torch.nn.functional import huber_loss

from all_agents.agents.dqn import DQN
from all_agents.compositions.groups import Compilation, Exploration, Learning, Network, Replay, Targets
from all_agents.compositions.networks import on_features
from all_agents.compositions.parts import exploring_policy, falling_step_size, greedy_agent, uniform_replay
from allcore.approximation import FixedTarget, QNetwork
from allcore.presets import Preset, Setting

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class DQNHyperparameters(Compilation, Targets, Network, Exploration, Replay, Learning):
    """What a preset of DQN can be told."""


class DQNPreset(Preset):
    """DQN with one network of features and fully connected layers."""

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        features = hp.features(setting.observation_space)
        self.model = on_features(features, setting.observation_space, hp.hidden, setting.n_actions)
        self.model.to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> DQN:
        """A training agent; its step size falls over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer = uniform_replay(self, hp)
        q = QNetwork(
            self.model,
            hp.optimizer(self.model.parameters(), lr=hp.lr, eps=hp.eps),
            target=FixedTarget(hp.target_update_frequency),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            logger=logger,
            clock=lambda: replay_buffer.stored,
        )
        return DQN(
            q,
            exploring_policy(self, q, hp),
            replay_buffer,
            discount_factor=hp.discount_factor,
            loss=partial(huber_loss, delta=hp.huber_threshold),
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the values as they are now."""
        return greedy_agent(self, QNetwork(copy.deepcopy(self.model)), self.hyperparameters.test_exploration)
