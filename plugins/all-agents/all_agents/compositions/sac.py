"""How SAC is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from all_agents.agents.sac import SAC
from all_agents.compositions.continuous_control import (
    ActorAndCritics,
    Entropy,
    MovingTargets,
    action_size,
    action_space,
    actor_network,
    critic_networks,
    mean_test_agent,
    random_actions,
)
from all_agents.compositions.groups import Compilation, Learning, Replay
from all_agents.compositions.parts import falling_step_size, uniform_replay
from allcore.approximation import Approximation, PolyakTarget, QEnsemble
from allcore.nn import LogTemperature
from allcore.optim import Adam
from allcore.policies import SoftDeterministicPolicy
from allcore.presets import Preset, Setting

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class SACHyperparameters(Compilation, ActorAndCritics, Entropy, MovingTargets, Replay, Learning):
    """What a preset of SAC can be told."""


class SACPreset(Preset):
    """SAC with fully connected networks on features."""

    def __init__(self, setting: Setting) -> None:
        """Make the networks."""
        super().__init__(setting)
        self.actor = actor_network(setting, 2 * action_size(setting)).to(self.device)
        self.critics = critic_networks(setting, n_critics=2).to(self.device)
        self.log_temperature = LogTemperature(self.hyperparameters.initial_temperature).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> SAC:
        """A training agent; the step sizes of actor and critics fall over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer = uniform_replay(self, hp)
        falling = falling_step_size(hp, train_steps)
        log: dict[str, Any] = {"logger": logger, "clock": lambda: replay_buffer.stored}
        policy = SoftDeterministicPolicy(
            self.actor,
            Adam(self.actor.parameters(), lr=hp.policy_lr, eps=hp.eps),
            action_space(self.setting),
            generator=self.seeds.generator("policy"),
            learning_rate_schedule=falling,
            **log,
        )
        q = QEnsemble(
            self.critics,
            Adam(self.critics.parameters(), lr=hp.lr, eps=hp.eps),
            target=PolyakTarget(hp.target_rate),
            learning_rate_schedule=falling,
            **log,
        )
        log_temperature = Approximation(
            self.log_temperature,
            Adam(self.log_temperature.parameters(), lr=hp.temperature_lr),
            name="log_temperature",
            **log,
        )
        return SAC(
            policy,
            q,
            log_temperature,
            replay_buffer,
            random_actions(self),
            target_entropy=hp.target_entropy * action_size(self.setting),
            discount_factor=hp.discount_factor,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
            logger=logger,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by the means of a copy of the actor as it is now."""
        return mean_test_agent(self, self.actor)
