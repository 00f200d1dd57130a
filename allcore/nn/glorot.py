"""Glorot's initial weights."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn

from allcore.nn.stacked import StackedLinear

M = TypeVar("M", bound=nn.Module)


def glorot(model: M) -> M:
    """Give every linear layer of `model`, also stacked ones, Glorot's uniform weights and zero biases; the model itself comes back.

    It is how Keras begins a `Dense` layer, and with it agents whose authors used Keras: numbers uniform in +-sqrt(6 / (I + O)), where
    torch's `nn.Linear` has +-1 / sqrt(I). Weights are drawn from torch's own generator, as initial weights are.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010), equation 16.

    Args:
        model: its layers are found at any depth; those of other kinds keep the weights that they were made with.
    """
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, (nn.Linear, StackedLinear)):
                bound = math.sqrt(6 / sum(layer.weight.shape[-2:]))
                layer.weight.uniform_(-bound, bound)
                if layer.bias is not None:
                    layer.bias.zero_()
    return model
