"""Orthogonal initial weights."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn

from allcore.errors import UsageError
from allcore.nn.noisy import NoisyFactorizedLinear, NoisyLinear
from allcore.nn.stacked import StackedLinear

M = TypeVar("M", bound=nn.Module)

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
# Linear, too, but with several matrices or with noise, for which the sources say nothing.
_REFUSED = (StackedLinear, NoisyLinear, NoisyFactorizedLinear)


def orthogonal(model: M, *, gain: float = math.sqrt(2), last_gain: float | None = None) -> M:
    """Give every linear and convolutional layer of `model` orthogonal weights and zero biases; the model itself comes back.

    Weights are drawn from torch's own generator, as initial weights are; their memory layout stays. Layers of any further
    kind, such as normalisations, keep the weights that they were made with.

    Source: Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks (2014). Policy-gradient agents use gain sqrt(2) for hidden layers, 0.01 for the policy's last layer and 1 for
    the value's: Huang et al., The 37 implementation details of proximal policy optimization (2022), detail 2.

    Args:
        model: its layers are found at any depth.
        gain: the singular values of each layer's weights, `[O, I]` with all that an output sees in one row.
        last_gain: those of the last layer, where they differ.

    Raises:
        UsageError: a layer is stacked or noisy, which would be left out, with `last_gain` on the wrong layer.
    """
    if refused := {type(module).__name__ for module in model.modules() if isinstance(module, _REFUSED)}:
        raise UsageError(
            f"layers of the kind {', '.join(sorted(refused))} cannot be given orthogonal weights",
            hint="leave them as they are made, or use nn.Linear",
        )
    layers = [module for module in model.modules() if isinstance(module, _LAYERS)]
    gains = [gain] * len(layers)
    if layers and last_gain is not None:
        gains[-1] = last_gain
    with torch.no_grad():
        for layer, layer_gain in zip(layers, gains, strict=True):
            # A tensor of its own, because torch cannot see a channels-last weight as a matrix.
            drawn = nn.init.orthogonal_(torch.empty(layer.weight.shape), layer_gain)
            layer.weight.copy_(drawn)
            if layer.bias is not None:
                layer.bias.zero_()
    return model
