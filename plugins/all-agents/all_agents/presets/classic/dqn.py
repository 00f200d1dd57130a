"""`classic.dqn`: DQN for classic control."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from torch.nn.functional import huber_loss
from torch.optim import Adam

from all_agents.agents.dqn import DQN
from all_agents.presets.classic.models import needs_vector_and_discrete
from allcore.agents import PolicyAgent
from allcore.approximation import FixedTarget, QNetwork
from allcore.memory import ExperienceReplayBuffer
from allcore.optim import Linear
from allcore.policies import GreedyPolicy
from allcore.presets import Function, Preset, PresetBuilder, Setting, hyperparameter

if TYPE_CHECKING:
    from allcore.logging import Logger

_ZOO = "rl-baselines3-zoo, hyperparams/dqn.yml, CartPole-v1"
_OURS = "ours: benchmarks/learning/README.md"


@dataclass(frozen=True, kw_only=True)
class DQNHyperparameters:
    """What `classic.dqn` can be told."""

    discount_factor: float = hyperparameter(
        0.98, "What a reward one step later is worth.", source=_OURS, at_least=0.0, at_most=1.0
    )
    lr: float = hyperparameter(1e-3, "Adam's step size at first.", source=_OURS, at_least=0.0)
    final_lr: float = hyperparameter(
        0.0, "Adam's step size in the end; it falls in a straight line.", source=_OURS, at_least=0.0
    )
    minibatch_size: int = hyperparameter(
        128, "Transitions per update.", unit="transitions", source=_OURS, at_least=1
    )
    huber_threshold: float = hyperparameter(
        10.0,
        "Error of a value at which the loss turns from square to linear.",
        source=_OURS,
        at_least=0.0,
    )
    update_frequency: int = hyperparameter(
        2, "Agent steps from one update to the next.", unit="agent steps", source=_OURS, at_least=1
    )
    target_update_frequency: int = hyperparameter(
        100,
        "Updates from one copy to the target network to the next.",
        unit="updates",
        source=_OURS,
        at_least=1,
    )
    replay_start_size: int = hyperparameter(
        1000, "Agent steps before learning begins.", unit="agent steps", source=_OURS, at_least=1
    )
    replay_buffer_size: int = hyperparameter(
        20_000, "Transitions that replay keeps.", unit="transitions", source=_OURS, at_least=2
    )
    initial_exploration: float = hyperparameter(
        1.0, "Share of random actions at first.", source="Mnih et al. 2015", at_least=0.0, at_most=1.0
    )
    final_exploration: float = hyperparameter(
        0.04, "Share of random actions in the end.", source=_ZOO, at_least=0.0, at_most=1.0
    )
    exploration_fraction: float = hyperparameter(
        0.16,
        "Part of the training over which exploration falls.",
        unit="share of agent steps",
        source=_ZOO,
        at_least=0.0,
        at_most=1.0,
    )
    test_exploration: float = hyperparameter(
        0.0, "Share of random actions in evaluation.", source=_OURS, at_least=0.0, at_most=1.0
    )
    n_envs: int = hyperparameter(
        1, "Environments trained in at once.", unit="environments", source="Mnih et al. 2015", at_least=1
    )
    hidden: tuple[int, ...] = hyperparameter(
        (256, 256), "Width of each hidden layer.", unit="units", source=_OURS
    )
    model: Function = hyperparameter(
        Function("all_agents.presets.classic.models:q_network"),
        "Makes the network from observation space, action space and hidden widths.",
    )


class DQNPreset(Preset):
    """DQN on a small fully connected network."""

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        self.model = hp.model(setting.observation_space, setting.action_space, hp.hidden).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> DQN:
        """A training agent; exploration falls over a share of `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer = ExperienceReplayBuffer(
            hp.replay_buffer_size, device=self.device, generator=self.seeds.generator("replay")
        )
        q = QNetwork(
            self.model,
            Adam(self.model.parameters(), lr=hp.lr, fused=True),
            target=FixedTarget(hp.target_update_frequency),
            learning_rate_schedule=Linear(
                1.0, hp.final_lr / hp.lr if hp.lr else 1.0, 0, self._updates(train_steps)
            ),
            logger=logger,
            clock=lambda: replay_buffer.stored,
        )
        exploring = hp.exploration_fraction * train_steps if hp.exploration_fraction else 0.0
        exploration = Linear(hp.initial_exploration, hp.final_exploration, 0, exploring)
        policy = GreedyPolicy(
            q, self.setting.n_actions, epsilon=exploration, generator=self.seeds.generator("policy")
        )
        return DQN(
            q,
            policy,
            replay_buffer,
            discount_factor=hp.discount_factor,
            loss=partial(huber_loss, delta=hp.huber_threshold),
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
        )

    def _updates(self, train_steps: float) -> float:
        """How many updates there are in `train_steps` agent steps."""
        hp = self.hyperparameters
        return max(1.0, (train_steps - hp.replay_start_size) / hp.update_frequency)

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the values as they are now."""
        hp = self.hyperparameters
        policy = GreedyPolicy(
            QNetwork(copy.deepcopy(self.model)),
            self.setting.n_actions,
            epsilon=hp.test_exploration,
            generator=self.seeds.generator("test policy"),
            evaluation_epsilon=hp.test_exploration,
        )
        return PolicyAgent(policy.eval)

    def parallel_test_agent(self) -> PolicyAgent:
        """The same agent: it takes one state or several."""
        return self.test_agent()


dqn = PresetBuilder("classic.dqn", DQNHyperparameters(), DQNPreset, needs_vector_and_discrete)
