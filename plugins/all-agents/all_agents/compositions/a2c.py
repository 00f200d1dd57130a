"""How A2C is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from all_agents.agents.a2c import A2C
from all_agents.compositions.actor_critic import ActorCriticLearning, ActorCriticNetwork, ActorCriticPreset
from all_agents.compositions.groups import Rollouts
from all_agents.compositions.parts import falling_step_size
from allcore.approximation import ActorCritic
from allcore.memory import RolloutBuffer
from allcore.optim import RMSpropTF
from allcore.presets import described

if TYPE_CHECKING:
    from allcore.agents import Agent, ParallelAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class A2CHyperparameters(ActorCriticNetwork, Rollouts, ActorCriticLearning):
    """What a preset of A2C can be told."""

    alpha: float = described(
        "What is left of RMSprop's running squares after an update.", at_least=0.0, at_most=1.0
    )


class A2CPreset(ActorCriticPreset):
    """A2C with RMSprop as TensorFlow has it."""

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> Agent | ParallelAgent:
        """A training agent; its step size falls over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        networks = self.networks
        actor_critic = ActorCritic(
            networks.features,
            networks.head(self.seeds.generator("policy")),
            networks.value,
            RMSpropTF(networks.parameters(), lr=hp.lr, alpha=hp.alpha, eps=hp.eps),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            clip_grad=hp.clip_grad,
            logger=logger,
            clock=lambda: agent.steps,
        )
        agent: A2C = A2C(
            actor_critic,
            RolloutBuffer(hp.n_steps, device=self.device),
            discount_factor=hp.discount_factor,
            lam=hp.lam,
            value_loss_scaling=hp.value_loss_scaling,
            entropy_loss_scaling=hp.entropy_loss_scaling,
        )
        return self.in_body(agent)
