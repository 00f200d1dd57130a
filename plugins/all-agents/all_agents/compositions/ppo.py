"""How PPO is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from all_agents.agents.ppo import PPO
from all_agents.compositions.actor_critic import ActorCriticLearning, ActorCriticNetwork, ActorCriticPreset
from all_agents.compositions.groups import Compilation, Rollouts
from all_agents.compositions.parts import check_minibatches, falling_step_size
from allcore.approximation import ActorCritic
from allcore.memory import RolloutBuffer
from allcore.optim import Adam, Linear
from allcore.presets import Setting, described

if TYPE_CHECKING:
    from allcore.agents import Agent, ParallelAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class PPOHyperparameters(Compilation, ActorCriticNetwork, Rollouts, ActorCriticLearning):
    """What a preset of PPO can be told."""

    n_epochs: int = described("How often every rollout is gone through.", unit="epochs", at_least=1)
    n_minibatches: int = described(
        "In how many parts (updates) a rollout is gone through.", unit="updates", at_least=1
    )
    clip_ratio: float = described(
        "How far an action's probability may move, relative to what it was, before there is nothing more to gain.",
        at_least=0.0,
    )
    final_clip_factor: float = described(
        "The share of the clip that is left at the end of the training; it falls in a straight line.",
        at_least=0.0,
    )
    clip_values: bool = described("Clip the movement of values as well, by the same number.")
    normalize_advantages: bool = described(
        "Bring the advantages of each minibatch to mean 0 and deviation 1."
    )
    recompute_advantages: bool = described("Estimate advantages anew before each epoch.")
    target_kl: float | None = described(
        "No further epoch begins once the policy has moved this far; none asks nothing.",
        unit="nats",
        at_least=0.0,
    )


class PPOPreset(ActorCriticPreset):
    """PPO with Adam."""

    def __init__(self, setting: Setting) -> None:
        """Make the networks, once it is clear that rollouts are long enough."""
        super().__init__(setting)
        check_minibatches(self)

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> Agent | ParallelAgent:
        """A training agent; its step size and clip fall over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        networks = self.networks
        actor_critic = ActorCritic(
            networks.features,
            networks.head(self.seeds.generator("policy")),
            networks.value,
            Adam(networks.parameters(), lr=hp.lr, eps=hp.eps),
            learning_rate_schedule=falling_step_size(hp, train_steps),
            clip_grad=hp.clip_grad,
            logger=logger,
            clock=lambda: agent.steps,
        )
        agent: PPO = PPO(
            actor_critic,
            RolloutBuffer(hp.n_steps, device=self.device),
            generator=self.seeds.generator("minibatches"),
            discount_factor=hp.discount_factor,
            lam=hp.lam,
            n_epochs=hp.n_epochs,
            n_minibatches=hp.n_minibatches,
            clip_ratio=Linear(hp.clip_ratio, hp.final_clip_factor * hp.clip_ratio, 0, train_steps),
            clip_values=hp.clip_values,
            normalize_advantages=hp.normalize_advantages,
            recompute_advantages=hp.recompute_advantages,
            value_loss_scaling=hp.value_loss_scaling,
            entropy_loss_scaling=hp.entropy_loss_scaling,
            target_kl=hp.target_kl,
            compiled=hp.compiled,
            logger=logger,
        )
        return self.in_body(agent)
