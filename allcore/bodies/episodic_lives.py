"""A life lost is an end for the agent, in a game that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from allcore.bodies.body import Body

if TYPE_CHECKING:
    from allcore.core import State


class EpisodicLives(Body):
    """Where a life was lost the mask is 0: there is nothing to hope for beyond it. `done` stays as it is.

    The environment says so in the entry `life_lost`; where it has no lives it does not say so, and nothing changes.

    Source: Mnih et al. (2015), Methods, "Training details": the loss of a life marks the end of a training episode.
    """

    def process_state(self, state: State) -> State:
        """The same state with mask 0 where a life was lost."""
        life_lost = state.get("life_lost", False)
        if isinstance(life_lost, torch.Tensor) and state.shape:
            return state.update("mask", state.mask.masked_fill(life_lost, 0.0))
        return state.update("mask", 0.0) if life_lost else state
