"""Which actions are legal in a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from allcore.core.state import State

#: What the value or the logit of an illegal action becomes: below any other, and a softmax makes it a probability of
#: exactly 0. It is finite, so that its product with a mask or a probability of 0 is 0 and not undefined.
ILLEGAL = -1e9


def only_legal(states: State, values: Tensor) -> Tensor:
    """The `values` of actions, or their logits, `[..., N, A]`, with `ILLEGAL` in the place of those of illegal actions.

    Which actions are legal is the states' entry `action_mask` (bool, `[N, A]`). Without one, all are; and so they are where
    it allows none, as games leave it when they are over.
    """
    if "action_mask" not in states:
        return values
    legal = states["action_mask"].to(values.device)
    illegal = ~legal & legal.any(-1, keepdim=True)
    return values.masked_fill(illegal, max(ILLEGAL, torch.finfo(values.dtype).min))
