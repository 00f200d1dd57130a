"""How VAC is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from all_agents.agents.vac import VAC
from all_agents.compositions.policy_gradient import PolicyGradientHyperparameters, PolicyGradientPreset

if TYPE_CHECKING:
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class VACHyperparameters(PolicyGradientHyperparameters):
    """What a preset of VAC can be told."""

    def updates(self, train_steps: float) -> float:
        """How many updates there are in `train_steps` agent steps."""
        return max(1.0, train_steps / self.n_envs)


class VACPreset(PolicyGradientPreset):
    """VAC with a network for the actor and one for the critic."""

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> VAC:
        """A training agent; its step sizes fall over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        updates = hp.updates(train_steps)
        agent: VAC = VAC(
            self.values(updates, logger, lambda: agent.steps),
            self.acting(updates, logger, lambda: agent.steps),
            discount_factor=hp.discount_factor,
        )
        return agent
