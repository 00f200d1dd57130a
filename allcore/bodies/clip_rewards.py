"""Rewards to their signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from allcore.bodies.body import Body

if TYPE_CHECKING:
    from allcore.core import State


class ClipRewards(Body):
    """The agent sees -1, 0 or 1 in place of each reward, so that games of different scales look alike.

    Source: Mnih et al. (2015), Methods, "Training details". What is logged are the environment's own rewards.
    """

    def process_state(self, state: State) -> State:
        """The same state with the sign of its reward."""
        reward = state.reward
        if isinstance(reward, torch.Tensor):
            return state.update("reward", torch.sign(reward))
        return state.update("reward", float((reward > 0) - (reward < 0)))
