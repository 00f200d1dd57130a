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


class VACPreset(PolicyGradientPreset):
    """VAC with a network for the actor and one for the critic."""

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> VAC:
        """A training agent; its step sizes fall over `train_steps` (agent steps)."""
        agent: VAC = VAC(
            self.values(train_steps, logger, lambda: agent.steps),
            self.acting(train_steps, logger, lambda: agent.steps),
            discount_factor=self.hyperparameters.discount_factor,
        )
        return agent
