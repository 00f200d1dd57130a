"""How VPG is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from all_agents.agents.vpg import VPG
from all_agents.compositions.policy_gradient import PolicyGradientHyperparameters, PolicyGradientPreset
from allcore.memory import RolloutBuffer
from allcore.presets import described

if TYPE_CHECKING:
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class VPGHyperparameters(PolicyGradientHyperparameters):
    """What a preset of VPG can be told."""

    n_steps: int = described(
        "Agent steps of each environment between two times of learning.", unit="agent steps", at_least=1
    )
    lam: float = described(
        "The lambda of advantages: 0 looks one step ahead, 1 to the end of the episode, as REINFORCE does.",
        at_least=0.0,
        at_most=1.0,
    )
    normalize_advantages: bool = described(
        "Bring the advantages that are learnt from together to mean 0 and deviation 1."
    )
    value_updates: int = described(
        "Updates of the values for each update of the policy.", unit="updates", at_least=1
    )


class VPGPreset(PolicyGradientPreset):
    """VPG with a network for the policy and one for the baseline."""

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> VPG:
        """A training agent; its step sizes fall over `train_steps` (agent steps)."""
        hp = self.hyperparameters
        agent: VPG = VPG(
            self.values(train_steps, logger, lambda: agent.steps, log_interval=hp.value_updates),
            self.acting(train_steps, logger, lambda: agent.steps, log_interval=1),
            RolloutBuffer(hp.n_steps, device=self.device),
            discount_factor=hp.discount_factor,
            lam=hp.lam,
            normalize_advantages=hp.normalize_advantages,
            value_updates=hp.value_updates,
        )
        return agent
