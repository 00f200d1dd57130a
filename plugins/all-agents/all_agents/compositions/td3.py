"""How TD3 is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from all_agents.agents.td3 import TD3
from all_agents.compositions.continuous_control import (
    ActorAndCritics,
    MovingTargets,
    Noise,
    action_size,
    action_space,
    actor_network,
    critic_networks,
    deterministic_test_agent,
    random_actions,
)
from all_agents.compositions.groups import Compilation, Learning, Replay
from all_agents.compositions.parts import falling_step_size, uniform_replay
from allcore.approximation import PolyakTarget, QEnsemble
from allcore.optim import Adam
from allcore.policies import DeterministicPolicy
from allcore.presets import Preset, Setting, described

if TYPE_CHECKING:
    from allcore.agents import PolicyAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class TD3Hyperparameters(Compilation, ActorAndCritics, Noise, MovingTargets, Replay, Learning):
    """What a preset of TD3 can be told."""

    target_noise: float = described(
        "Standard deviation of the noise on the target actor's actions.",
        unit="half the distance of the actions' bounds",
        at_least=0.0,
    )
    target_noise_clip: float = described(
        "The furthest that this noise goes.", unit="half the distance of the actions' bounds", at_least=0.0
    )
    policy_delay: int = described(
        "Updates of the critics for one of the actor and of all targets.", unit="updates", at_least=1
    )


class TD3Preset(Preset):
    """TD3 with fully connected networks on features."""

    def __init__(self, setting: Setting) -> None:
        """Make the networks."""
        super().__init__(setting)
        self.actor = actor_network(setting, action_size(setting)).to(self.device)
        self.critics = critic_networks(setting, n_critics=2).to(self.device)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> TD3:
        """A training agent; its step sizes fall over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        replay_buffer, falling = uniform_replay(self, hp), falling_step_size(hp, train_steps)
        log: dict[str, Any] = {"logger": logger, "clock": lambda: replay_buffer.stored}
        policy = DeterministicPolicy(
            self.actor,
            Adam(self.actor.parameters(), lr=hp.policy_lr, eps=hp.eps),
            action_space(self.setting),
            target=PolyakTarget(hp.target_rate),
            learning_rate_schedule=falling,
            **log,
        )
        q = QEnsemble(
            self.critics,
            Adam(self.critics.parameters(), lr=hp.lr, eps=hp.eps),
            target=PolyakTarget(hp.target_rate, update_frequency=hp.policy_delay),
            learning_rate_schedule=falling,
            **log,
        )
        return TD3(
            policy,
            q,
            replay_buffer,
            random_actions(self),
            discount_factor=hp.discount_factor,
            noise=hp.noise,
            target_noise=hp.target_noise,
            target_noise_clip=hp.target_noise_clip,
            policy_delay=hp.policy_delay,
            minibatch_size=hp.minibatch_size,
            replay_start_size=hp.replay_start_size,
            update_frequency=hp.update_frequency,
            compiled=hp.compiled,
        )

    def test_agent(self) -> PolicyAgent:
        """An agent that acts by a copy of the actor as it is now, without noise."""
        return deterministic_test_agent(self, self.actor)
