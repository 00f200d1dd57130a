"""Restoring an optimizer without changing where its tensors lie in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


def load_optimizer_state(optimizer: Optimizer, saved: Mapping[str, Any]) -> None:
    """Like `optimizer.load_state_dict(saved)`, but by copying.

    Tensors that the optimizer has already are kept and filled; new ones get the layout of their parameter, channels-last
    included, as they would have had if the optimizer had made them. A learning rate stays what it is here, a tensor or a
    number, and takes the saved value. `Optimizer.load_state_dict` alone takes the saved tensors over as they are: shared with
    whoever saved them, and in their layout.

    Raises:
        ValueError: the state is of an optimizer over other parameters.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    own_state = {
        parameter: dict(optimizer.state[parameter])
        for parameter in parameters
        if parameter in optimizer.state
    }
    own_groups = [dict(group) for group in optimizer.param_groups]
    optimizer.load_state_dict(dict(saved))
    for parameter in parameters:
        if parameter in optimizer.state:
            _keep_tensors(optimizer.state[parameter], own_state.get(parameter, {}), parameter)
    for group, own_group in zip(optimizer.param_groups, own_groups, strict=True):
        if "lr" in own_group:
            group["lr"] = _rate_like(own_group["lr"], group["lr"])
        _keep_tensors(group, own_group, None)


def _keep_tensors(loaded: dict[str, Any], own: Mapping[str, Any], parameter: Tensor | None) -> None:
    """Replace the loaded tensors by our own with the same values."""
    for key, value in loaded.items():
        if not isinstance(value, Tensor):
            continue
        if isinstance(own.get(key), Tensor) and own[key].shape == value.shape:
            kept = own[key]
        elif parameter is not None and parameter.shape == value.shape:
            kept = torch.empty_like(parameter, dtype=value.dtype, device=value.device)
        else:
            kept = torch.empty_like(value)
        loaded[key] = kept.copy_(value)


def _rate_like(own: float | Tensor, saved: float | Tensor) -> float | Tensor:
    """The saved learning rate as a tensor or a number, whichever ours is; a tensor stays the same one."""
    return own.fill_(float(saved)) if isinstance(own, Tensor) else float(saved)
