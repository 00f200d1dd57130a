"""How PQN is composed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn
from torch.optim import RAdam

from all_agents.agents.pqn import PQN
from all_agents.compositions.groups import Exploration, Learning, Network, Precision, Rollouts
from all_agents.compositions.networks import feature_size
from all_agents.compositions.parts import check_minibatches, exploring_policy, falling_step_size, greedy_agent
from allcore.approximation import QNetwork
from allcore.memory import RolloutBuffer
from allcore.nn import fully_connected_normalized, in_precision
from allcore.policies import GreedyPolicy
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class PQNHyperparameters(Precision, Network, Exploration, Rollouts, Learning):
    """What a preset of PQN can be told."""

    lam: float = described(
        "The lambda of the returns: 0 looks one step ahead, 1 as far as the rollout goes.",
        at_least=0.0,
        at_most=1.0,
    )
    n_epochs: int = described("How often each rollout is gone through.", unit="epochs", at_least=1)
    n_minibatches: int = described("In how many updates each time.", unit="updates", at_least=1)
    clip_grad: float = described("The largest norm of all gradients together; 0 clips nothing.", at_least=0.0)


class PQNPreset(Preset):
    """PQN on features, and fully connected layers with layer normalisation on top.

    The observation itself is not normalised, as in the authors' configurations for CartPole and Atari (purejaxql): over the
    few numbers of a vector it would take away how large they are.
    """

    parallel = True

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        check_minibatches(self)
        hp = self.hyperparameters
        features = hp.features(setting.observation_space)
        size = feature_size(features, setting.observation_space)
        head = fully_connected_normalized(size, hp.hidden, setting.n_actions)
        self.model = nn.Sequential(in_precision(features, hp.precision), head).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> PQN:
        """A training agent; its step size falls over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        q = QNetwork(
            self.model,
            RAdam(self.model.parameters(), lr=hp.lr, eps=hp.eps),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            clip_grad=hp.clip_grad,
            logger=logger,
            clock=lambda: policy.steps,
        )
        policy: GreedyPolicy = exploring_policy(self, q, hp)
        return PQN(
            q,
            policy,
            RolloutBuffer(hp.n_steps, device=self.device),
            generator=self.seeds.generator("minibatches"),
            discount_factor=hp.discount_factor,
            lam=hp.lam,
            n_epochs=hp.n_epochs,
            n_minibatches=hp.n_minibatches,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the values as they are now."""
        return greedy_agent(self, QNetwork(copy.deepcopy(self.model)), self.hyperparameters.test_exploration)
