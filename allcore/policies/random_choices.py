"""Discrete actions without a policy, for agents whose own is not yet worth following."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from allcore.core import State


class RandomChoices:
    """Chooses among A actions, all equally likely."""

    def __init__(self, n_actions: int, generator: torch.Generator) -> None:
        """Choose among `n_actions` (A) by `generator`, on the CPU."""
        self.n_actions = n_actions
        self._generator = generator

    def uniform(self, state: State) -> Tensor:
        """Any action: int64, 0-d for a `State`, `[E]` for a `StateArray`, where the state lies."""
        return torch.randint(self.n_actions, state.shape, generator=self._generator).to(state.device)

    def state_dict(self) -> dict[str, Any]:
        """Where the generator stands."""
        return {"generator": self._generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._generator.set_state(state["generator"])
