"""How CrossQ is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from all_agents.agents.crossq import CrossQ
from all_agents.compositions.continuous_control import (
    ActorAndCritics,
    Entropy,
    action_size,
    action_space,
    mean_test_agent,
    normalized_actor_network,
    normalized_critic_networks,
    random_actions,
)
from all_agents.compositions.groups import Learning, Replay
from all_agents.compositions.parts import falling_step_size, uniform_replay
from allcore.approximation import Approximation, QEnsemble
from allcore.nn import LogTemperature
from allcore.optim import Adam
from allcore.policies import SoftDeterministicPolicy
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class CrossQHyperparameters(ActorAndCritics, Entropy, Replay, Learning):
    """What a preset of CrossQ can be told."""

    norm_rate: float = described(
        "The share of each minibatch in the running means and deviations of normalised layers.",
        at_least=0.0,
        at_most=1.0,
    )
    beta1: float = described(
        "What share of itself Adam's mean of gradients keeps, for actor and critics.",
        at_least=0.0,
        below=1.0,
    )
    policy_delay: int = described(
        "Updates of the critics for one of actor and temperature.", unit="updates", at_least=1
    )


class CrossQPreset(Preset):
    """CrossQ with fully connected networks on features, normalised by the batch."""

    def __init__(self, setting: Setting) -> None:
        """Make the networks."""
        super().__init__(setting)
        hp = self.hyperparameters
        actor = normalized_actor_network(setting, 2 * action_size(setting), hp.norm_rate)
        self.actor = actor.to(self.device)
        self.critics = normalized_critic_networks(setting, 2, hp.norm_rate).to(self.device)
        self.log_temperature = LogTemperature(hp.initial_temperature).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> CrossQ:
        """A training agent; the step sizes of actor and critics fall over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer, falling = uniform_replay(self, hp), falling_step_size(hp, train_steps)
        adam: dict[str, Any] = {"eps": hp.eps, "betas": (hp.beta1, 0.999)}
        log: dict[str, Any] = {"logger": logger, "clock": lambda: replay_buffer.stored}
        policy = SoftDeterministicPolicy(
            self.actor,
            Adam(self.actor.parameters(), lr=hp.policy_lr, **adam),
            action_space(self.setting),
            generator=self.seeds.generator("policy"),
            learning_rate_schedule=falling,
            **log,
        )
        q = QEnsemble(
            self.critics,
            Adam(self.critics.parameters(), lr=hp.lr, **adam),
            learning_rate_schedule=falling,
            **log,
        )
        log_temperature = Approximation(
            self.log_temperature,
            Adam(self.log_temperature.parameters(), lr=hp.temperature_lr),
            name="log_temperature",
            **log,
        )
        return CrossQ(
            policy,
            q,
            log_temperature,
            replay_buffer,
            random_actions(self),
            target_entropy=hp.target_entropy * action_size(self.setting),
            policy_delay=hp.policy_delay,
            discount_factor=hp.discount_factor,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            logger=logger,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by the means of a copy of the actor as it is now."""
        return mean_test_agent(self, self.actor)
