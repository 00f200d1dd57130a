"""Glorot's initial weights: bounds, spread, and what is left alone."""

import math

import pytest
import torch
from torch import nn

from allcore.nn import StackedLinear, glorot


@pytest.mark.parametrize("layer", [nn.Linear(100, 300), StackedLinear(2, 100, 300)])
def test_weights_are_uniform_within_the_paper_s_bounds(layer):
    model = nn.Sequential(nn.ReLU(), layer)
    assert glorot(model) is model
    bound = math.sqrt(6 / 400)
    weights = layer.weight.detach()
    assert weights.abs().max() <= bound
    assert weights.abs().max() > 0.99 * bound
    assert weights.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert not layer.bias.any()


def test_without_bias_and_with_other_layers():
    norm, conv, linear = nn.LayerNorm(4), nn.Conv2d(1, 1, 3), nn.Linear(4, 4, bias=False)
    before = conv.weight.clone()
    glorot(nn.ModuleList([norm, conv, linear]))
    assert torch.equal(norm.weight, torch.ones(4))
    assert torch.equal(conv.weight, before)
    assert linear.weight.abs().max() <= math.sqrt(6 / 8)
