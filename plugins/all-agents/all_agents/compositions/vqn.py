"""How VQN is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from all_agents.agents.vqn import VQN
from all_agents.compositions.online_values import OnlineValuesHyperparameters, OnlineValuesPreset

if TYPE_CHECKING:
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class VQNHyperparameters(OnlineValuesHyperparameters):
    """What a preset of VQN can be told."""


class VQNPreset(OnlineValuesPreset):
    """VQN with one network of features and fully connected layers."""

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> VQN:
        """A training agent; its step size falls over `train_steps` (agent steps)."""
        q, policy = self.values_and_policy(logger, train_steps)
        return VQN(q, policy, discount_factor=self.hyperparameters.discount_factor)
