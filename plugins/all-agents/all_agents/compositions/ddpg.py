"""How DDPG is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from all_agents.agents.ddpg import DDPG
from all_agents.compositions.continuous_control import (
    ActorAndCritics,
    MovingTargets,
    Noise,
    action_size,
    action_space,
    actor_network,
    critic_network,
    deterministic_test_agent,
    random_actions,
)
from all_agents.compositions.groups import Compilation, Learning, Replay
from all_agents.compositions.parts import falling_step_size, uniform_replay
from allcore.approximation import PolyakTarget, QContinuous
from allcore.optim import Adam
from allcore.policies import DeterministicPolicy
from allcore.presets import Preset, Setting

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class DDPGHyperparameters(Compilation, ActorAndCritics, Noise, MovingTargets, Replay, Learning):
    """What a preset of DDPG can be told."""


class DDPGPreset(Preset):
    """DDPG with fully connected networks on features."""

    def __init__(self, setting: Setting) -> None:
        """Make the networks."""
        super().__init__(setting)
        self.actor = actor_network(setting, action_size(setting)).to(self.device)
        self.critic = critic_network(setting).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> DDPG:
        """A training agent; its step sizes fall over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer = uniform_replay(self, hp)
        common: dict[str, Any] = {
            "learning_rate_schedule": falling_step_size(hp, train_steps),
            "logger": logger,
            "clock": lambda: replay_buffer.stored,
        }
        policy = DeterministicPolicy(
            self.actor,
            Adam(self.actor.parameters(), lr=hp.policy_lr, eps=hp.eps),
            action_space(self.setting),
            target=PolyakTarget(hp.target_rate),
            **common,
        )
        q = QContinuous(
            self.critic,
            Adam(self.critic.parameters(), lr=hp.lr, eps=hp.eps),
            target=PolyakTarget(hp.target_rate),
            **common,
        )
        return DDPG(
            policy,
            q,
            replay_buffer,
            random_actions(self),
            discount_factor=hp.discount_factor,
            noise=hp.noise,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the actor as it is now, without noise."""
        return deterministic_test_agent(self, self.actor)
