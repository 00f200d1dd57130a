"""How Rainbow is composed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import nn

from all_agents.agents.rainbow import Rainbow
from all_agents.compositions.groups import Atoms, Compilation, Learning, Network, Prioritization, Replay
from all_agents.compositions.networks import feature_size
from all_agents.compositions.parts import falling_step_size, greedy_agent, prioritized_replay
from allcore.approximation import FixedTarget, QDist
from allcore.nn import CategoricalDueling, NoisyFactorizedLinear, fully_connected
from allcore.optim import Adam
from allcore.policies import GreedyPolicy
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class RainbowHyperparameters(Compilation, Network, Prioritization, Replay, Atoms, Learning):
    """What a preset of Rainbow can be told."""

    shared_hidden: tuple[int, ...] = described(
        "Width of each hidden layer that the streams share, on top of the features. These have no noise.",
        unit="units",
        at_least=1,
    )
    hidden: tuple[int, ...] = described(
        "Width of each hidden layer of the two streams, one for the state's value and one for the actions' advantages. All "
        "layers of the streams are noisy.",
        unit="units",
        at_least=1,
    )
    noisy_sigma: float = described(
        "The noise at first: the paper's sigma_0, which is divided by the root of a layer's inputs.",
        at_least=0.0,
    )
    target_update_frequency: int = described(
        "Updates from one copy to the target network to the next.", unit="updates", at_least=1
    )
    clip_grad: float = described("The largest norm of all gradients together; 0 clips nothing.", at_least=0.0)


class RainbowPreset(Preset):
    """Rainbow with features and a noisy dueling network on top."""

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        features = hp.features(setting.observation_space)
        size = feature_size(features, setting.observation_space)
        for width in hp.shared_hidden:
            features, size = nn.Sequential(features, nn.Linear(size, width), nn.ReLU()), width
        linear = partial(NoisyFactorizedLinear, sigma_init=hp.noisy_sigma)
        value = fully_connected(size, hp.hidden, hp.n_atoms, linear=linear)
        advantages = fully_connected(size, hp.hidden, setting.n_actions * hp.n_atoms, linear=linear)
        self.model = nn.Sequential(features, CategoricalDueling(value, advantages)).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> Rainbow:
        """A training agent; step size and the correction of priorities change over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer = prioritized_replay(self, hp, hp, train_steps)
        q_dist = self._q_dist(
            self.model,
            Adam(self.model.parameters(), lr=hp.lr, eps=hp.eps),
            target=FixedTarget(hp.target_update_frequency),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            clip_grad=hp.clip_grad,
            logger=logger,
            clock=lambda: replay_buffer.stored,
        )
        # Noise is all the exploration that there is.
        policy = GreedyPolicy(q_dist, self.setting.n_actions, 0.0, self.seeds.generator("policy"))
        return Rainbow(
            q_dist,
            policy,
            replay_buffer,
            discount_factor=hp.discount_factor,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the distributions as they are now, with the mean weights: no noise."""
        return greedy_agent(self, self._q_dist(copy.deepcopy(self.model), None))

    def _q_dist(self, model: nn.Module, optimizer: Optimizer | None, **options: Any) -> QDist:
        hp = self.hyperparameters
        return QDist(model, optimizer, self.setting.n_actions, hp.n_atoms, hp.v_min, hp.v_max, **options)
