"""How discrete SAC is composed."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from all_agents.agents.discrete_sac import DiscreteSAC
from all_agents.compositions.groups import Compilation, Learning, Network, Replay
from all_agents.compositions.networks import on_features
from all_agents.compositions.parts import falling_step_size, uniform_replay
from allcore.agents import PolicyAgent
from allcore.approximation import Approximation, FixedTarget, QDiscreteEnsemble
from allcore.nn import Ensemble, LogTemperature
from allcore.optim import Adam
from allcore.policies import RandomChoices, SoftmaxPolicy
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from allcore.core import State
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class DiscreteSACHyperparameters(Compilation, Network, Replay, Learning):
    """What a preset of discrete SAC can be told. Policy, critics and temperature have the same step size."""

    target_update_frequency: int = described(
        "Updates from one copy to the target network to the next.", unit="updates", at_least=1
    )
    initial_temperature: float = described(
        "What a nat of entropy is worth at first.", unit="reward", above=0.0
    )
    target_entropy_scale: float = described(
        "Share of the largest entropy that there can be (log A), at which the policy is kept.",
        at_least=0.0,
        at_most=1.0,
    )


class DiscreteSACPreset(Preset):
    """Discrete SAC with three networks of features and fully connected layers: a policy and two critics."""

    def __init__(self, setting: Setting) -> None:
        """Make the networks, which share no layer: the policy's gradient would spoil the critics' features."""
        super().__init__(setting)
        self.policy_model = self._network().to(self.device)
        self.q_model = Ensemble(self._network() for _ in range(2)).to(self.device)
        self.log_temperature = LogTemperature(self.hyperparameters.initial_temperature).to(self.device)

    def _network(self) -> nn.Module:
        hp, space = self.hyperparameters, self.setting.observation_space
        return on_features(hp.features(space), space, hp.hidden, self.setting.n_actions)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> DiscreteSAC:
        """A training agent; its step sizes fall over `train_steps` (agent steps)."""
        hp, n_actions = self.hyperparameters, self.setting.n_actions
        replay_buffer = uniform_replay(self, hp)
        options: dict[str, Any] = {
            "learning_rate_schedule": falling_step_size(hp, train_steps),
            "logger": logger,
            "clock": lambda: replay_buffer.stored,
        }
        policy = SoftmaxPolicy(
            self.policy_model,
            self._adam(self.policy_model),
            generator=self.seeds.generator("policy"),
            **options,
        )
        target = FixedTarget(hp.target_update_frequency)
        q = QDiscreteEnsemble(self.q_model, self._adam(self.q_model), target=target, **options)
        log_temperature = Approximation(
            self.log_temperature, self._adam(self.log_temperature), name="log_temperature", **options
        )
        return DiscreteSAC(
            policy,
            q,
            log_temperature,
            replay_buffer,
            RandomChoices(n_actions, self.seeds.generator("actions")),
            target_entropy=hp.target_entropy_scale * math.log(n_actions),
            discount_factor=hp.discount_factor,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
            logger=logger,
        )

    def _adam(self, model: nn.Module) -> Adam:
        hp = self.hyperparameters
        return Adam(model.parameters(), lr=hp.lr, eps=hp.eps)

    def test_agent(self) -> PolicyAgent:
        """An agent that takes the likeliest action of a copy of the policy as it is now."""
        generator = self.seeds.generator("test policy")
        policy = SoftmaxPolicy(copy.deepcopy(self.policy_model), generator=generator)

        def act(state: State) -> Any:
            return policy.eval(state.to(policy.device)).mode().to(state.device)

        return PolicyAgent(act)
