"""`atari.dqn`: DQN for Atari games."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.optim import Adam

from all_agents.agents import DQN
from all_atari.bodies import DeepmindAtariBody
from all_atari.models import needs_frames_and_discrete
from allcore.agents import PolicyAgent
from allcore.approximation import FixedTarget, QNetwork
from allcore.memory import ExperienceReplayBuffer
from allcore.optim import Linear
from allcore.policies import GreedyPolicy
from allcore.presets import Function, Preset, PresetBuilder, Setting, hyperparameter

if TYPE_CHECKING:
    from allcore.agents import Agent
    from allcore.logging import Logger

_NATURE = "Mnih et al. 2015, Methods and Extended Data Table 1"
_ALL = "autonomous-learning-library 0.9.1, presets/atari/dqn.py"


@dataclass(frozen=True, kw_only=True)
class DQNHyperparameters:
    """What `atari.dqn` can be told."""

    discount_factor: float = hyperparameter(
        0.99, "What a reward one step later is worth.", source=_NATURE, at_least=0.0, at_most=1.0
    )
    lr: float = hyperparameter(1e-4, "Adam's step size.", source=_ALL, at_least=0.0)
    eps: float = hyperparameter(1.5e-4, "Adam's epsilon.", source="Hessel et al. 2018, Table 1", at_least=0.0)
    minibatch_size: int = hyperparameter(
        32, "Transitions per update.", unit="transitions", source=_NATURE, at_least=1
    )
    update_frequency: int = hyperparameter(
        4, "Agent steps from one update to the next.", unit="agent steps", source=_NATURE, at_least=1
    )
    target_update_frequency: int = hyperparameter(
        1000,
        "Updates from one copy to the target network to the next.",
        unit="updates",
        source=_ALL,
        at_least=1,
    )
    replay_start_size: int = hyperparameter(
        80_000, "Agent steps before learning begins.", unit="agent steps", source=_ALL, at_least=1
    )
    replay_buffer_size: int = hyperparameter(
        1_000_000, "Transitions that replay keeps.", unit="transitions", source=_NATURE, at_least=2
    )
    initial_exploration: float = hyperparameter(
        1.0, "Share of random actions at first.", source=_NATURE, at_least=0.0, at_most=1.0
    )
    final_exploration: float = hyperparameter(
        0.01, "Share of random actions in the end.", source=_ALL, at_least=0.0, at_most=1.0
    )
    final_exploration_frame: int = hyperparameter(
        250_000, "When exploration has fallen to its end.", unit="agent steps", source=_ALL, at_least=1
    )
    test_exploration: float = hyperparameter(
        0.05, "Share of random actions in evaluation.", source=_NATURE, at_least=0.0, at_most=1.0
    )
    frame_stack: int = hyperparameter(
        4, "Frames that the network sees.", unit="frames", source=_NATURE, at_least=1
    )
    n_envs: int = hyperparameter(
        1, "Environments trained in at once.", unit="environments", source=_NATURE, at_least=1
    )
    model: Function = hyperparameter(
        Function("all_atari.models:nature_dqn"),
        "Makes the network from the number of stacked frames and the action space.",
        source=_NATURE,
    )


class DQNPreset(Preset):
    """DQN on the Nature network, in the usual Atari body."""

    def __init__(self, setting: Setting) -> None:
        """Make the network."""
        super().__init__(setting)
        hp = self.hyperparameters
        self.model = hp.model(hp.frame_stack, setting.action_space).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> Agent:
        """A training agent; nothing in this preset depends on `train_steps`."""
        hp = self.hyperparameters
        replay_buffer = ExperienceReplayBuffer(
            hp.replay_buffer_size, device=self.device, generator=self.seeds.generator("replay")
        )
        q = QNetwork(
            self.model,
            Adam(self.model.parameters(), lr=hp.lr, eps=hp.eps, fused=True),
            target=FixedTarget(hp.target_update_frequency),
            logger=logger,
            clock=lambda: replay_buffer.stored,
        )
        exploration = Linear(hp.initial_exploration, hp.final_exploration, 0, hp.final_exploration_frame)
        policy = GreedyPolicy(
            q, self.setting.n_actions, epsilon=exploration, generator=self.seeds.generator("policy")
        )
        agent = DQN(
            q,
            policy,
            replay_buffer,
            discount_factor=hp.discount_factor,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
        )
        return DeepmindAtariBody(agent, frame_stack=hp.frame_stack)

    def test_agent(self) -> Agent:
        """An agent that acts by a copy of the values as they are now."""
        hp = self.hyperparameters
        policy = GreedyPolicy(
            QNetwork(copy.deepcopy(self.model)),
            self.setting.n_actions,
            epsilon=hp.test_exploration,
            generator=self.seeds.generator("test policy"),
            evaluation_epsilon=hp.test_exploration,
        )
        return DeepmindAtariBody(PolicyAgent(policy.eval), frame_stack=hp.frame_stack)

    def parallel_test_agent(self) -> Agent:
        """The same agent: it takes one state or several."""
        return self.test_agent()


dqn = PresetBuilder("atari.dqn", DQNHyperparameters(), DQNPreset, needs_frames_and_discrete)
