"""Optimizers that a preset can name: functions of the parameters, the step size and the hyperparameter `eps`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allcore.optim import Adam, CentredRMSprop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor
    from torch.optim import Optimizer


def adam(parameters: Iterable[Tensor], lr: float, eps: float) -> Optimizer:
    """Adam, without weight decay."""
    return Adam(parameters, lr=lr, eps=eps)


def centred_rmsprop(parameters: Iterable[Tensor], lr: float, eps: float) -> Optimizer:
    """RMSprop by the deviation of gradients, with running means that keep 0.95 of themselves (Mnih et al., 2015)."""
    return CentredRMSprop(parameters, lr=lr, alpha=0.95, eps=eps)
