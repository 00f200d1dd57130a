"""What VQN and VSarsa have in common: all but the training agent."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from all_agents.compositions.groups import Exploration, Learning, Network
from all_agents.compositions.networks import on_features
from all_agents.compositions.parts import exploring_policy, falling_step_size, greedy_agent
from allcore.approximation import QNetwork
from allcore.optim import Adam
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger
    from allcore.policies import GreedyPolicy


@dataclass(frozen=True, kw_only=True)
class OnlineValuesHyperparameters(Network, Exploration, Learning):
    """What a preset can be told whose agent learns action values from each step as it is taken."""

    n_envs: int = described(
        "Environments trained in at once; an update is made of one step in each.",
        unit="environments",
        at_least=1,
    )
    clip_grad: float = described("The largest norm of all gradients together; 0 clips nothing.", at_least=0.0)


class OnlineValuesPreset(Preset):
    """One network of features and fully connected layers for action values, and an exploring policy by them."""

    parallel = True

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        features = hp.features(setting.observation_space)
        self.model = on_features(features, setting.observation_space, hp.hidden, setting.n_actions)
        self.model.to(self.device)

    def values_and_policy(self, logger: Logger | None, train_steps: float) -> tuple[QNetwork, GreedyPolicy]:
        """The two parts of a training agent; the step size falls over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        q = QNetwork(
            self.model,
            Adam(self.model.parameters(), lr=hp.lr, eps=hp.eps),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            clip_grad=hp.clip_grad,
            logger=logger,
            clock=lambda: policy.steps,
        )
        policy: GreedyPolicy = exploring_policy(self, q, hp)
        return q, policy

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the values as they are now."""
        return greedy_agent(self, QNetwork(copy.deepcopy(self.model)), self.hyperparameters.test_exploration)
