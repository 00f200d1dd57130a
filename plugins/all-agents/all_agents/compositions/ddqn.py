"""How double DQN is composed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import huber_loss, linear

from all_agents.agents.ddqn import DDQN
from all_agents.compositions.dqn import DQNHyperparameters
from all_agents.compositions.networks import feature_size
from all_agents.compositions.parts import exploring_policy, falling_step_size, greedy_agent, uniform_replay
from allcore.approximation import FixedTarget, QNetwork
from allcore.nn import fully_connected
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from torch import Tensor

    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class DDQNHyperparameters(DQNHyperparameters):
    """What a preset of double DQN can be told: all that DQN can, and one thing that the paper tuned."""

    shared_bias: bool = described("Give the values of all actions one bias instead of one each.")


class SharedBiasLinear(nn.Linear):
    """A linear layer with one bias for all outputs."""

    def __init__(self, in_features: int, out_features: int) -> None:
        """Begin as any linear layer does."""
        super().__init__(in_features, out_features)
        self.bias = nn.Parameter(self.bias.detach()[:1].clone())

    def forward(self, x: Tensor) -> Tensor:
        """`[N, I]` to `[N, O]`."""
        return linear(x, self.weight) + self.bias


class DDQNPreset(Preset):
    """Double DQN with one network of features and fully connected layers."""

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        features = hp.features(setting.observation_space)
        size = feature_size(features, setting.observation_space)
        head = fully_connected(size, hp.hidden, setting.n_actions)
        if hp.shared_bias:
            head[-1] = SharedBiasLinear((size, *hp.hidden)[-1], setting.n_actions)
        self.model = nn.Sequential(features, head).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> DDQN:
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
        return DDQN(
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
