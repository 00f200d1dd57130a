"""How QR-DQN is composed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from all_agents.agents.qrdqn import QRDQN
from all_agents.compositions.dqn import DQNHyperparameters
from all_agents.compositions.networks import on_features
from all_agents.compositions.parts import exploring_policy, falling_step_size, greedy_agent, uniform_replay
from allcore.approximation import FixedTarget, QQuantiles
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class QRDQNHyperparameters(DQNHyperparameters):
    """What a preset of QR-DQN can be told: all that DQN can, and how many quantiles there are."""

    huber_threshold: float = described(
        "Error of a quantile at which the loss turns from square to linear; with 0 it is linear.",
        at_least=0.0,
    )
    n_quantiles: int = described("Quantiles of the return of each action.", unit="quantiles", at_least=1)


class QRDQNPreset(Preset):
    """QR-DQN with one network of features and fully connected layers."""

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        features = hp.features(setting.observation_space)
        n_outputs = setting.n_actions * hp.n_quantiles
        self.model = on_features(features, setting.observation_space, hp.hidden, n_outputs).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> QRDQN:
        """A training agent; its step size falls over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer = uniform_replay(self, hp)
        q = QQuantiles(
            self.model,
            hp.optimizer(self.model.parameters(), lr=hp.lr, eps=hp.eps),
            self.setting.n_actions,
            hp.n_quantiles,
            target=FixedTarget(hp.target_update_frequency),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            logger=logger,
            clock=lambda: replay_buffer.stored,
        )
        return QRDQN(
            q,
            exploring_policy(self, q, hp),
            replay_buffer,
            discount_factor=hp.discount_factor,
            huber_threshold=hp.huber_threshold,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the quantiles as they are now."""
        hp = self.hyperparameters
        q = QQuantiles(copy.deepcopy(self.model), None, self.setting.n_actions, hp.n_quantiles)
        return greedy_agent(self, q, hp.test_exploration)
