"""How C51 is composed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from all_agents.agents.c51 import C51
from all_agents.compositions.groups import Atoms, Compilation, Exploration, Learning, Network, Replay
from all_agents.compositions.networks import on_features
from all_agents.compositions.parts import exploring_policy, falling_step_size, greedy_agent, uniform_replay
from allcore.approximation import FixedTarget, QDist
from allcore.optim import Adam
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class C51Hyperparameters(Compilation, Network, Exploration, Replay, Atoms, Learning):
    """What a preset of C51 can be told."""

    target_update_frequency: int = described(
        "Updates from one copy to the target network to the next.", unit="updates", at_least=1
    )
    clip_grad: float = described("The largest norm of all gradients together; 0 clips nothing.", at_least=0.0)


class C51Preset(Preset):
    """C51 with one network of features and fully connected layers."""

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        features = hp.features(setting.observation_space)
        n_logits = setting.n_actions * hp.n_atoms
        self.model = on_features(features, setting.observation_space, hp.hidden, n_logits)
        self.model.to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> C51:
        """A training agent; its step size falls over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer = uniform_replay(self, hp)
        q_dist = self._q_dist(
            self.model,
            Adam(self.model.parameters(), lr=hp.lr, eps=hp.eps),
            target=FixedTarget(hp.target_update_frequency),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            clip_grad=hp.clip_grad,
            logger=logger,
            clock=lambda: replay_buffer.stored,
        )
        return C51(
            q_dist,
            exploring_policy(self, q_dist, hp),
            replay_buffer,
            discount_factor=hp.discount_factor,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the distributions as they are now."""
        q_dist = self._q_dist(copy.deepcopy(self.model), None)
        return greedy_agent(self, q_dist, self.hyperparameters.test_exploration)

    def _q_dist(self, model: nn.Module, optimizer: Optimizer | None, **options: Any) -> QDist:
        hp = self.hyperparameters
        return QDist(model, optimizer, self.setting.n_actions, hp.n_atoms, hp.v_min, hp.v_max, **options)
