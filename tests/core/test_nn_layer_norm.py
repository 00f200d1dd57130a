"""Networks with layer normalisation: what is normalised over what, and how weights begin."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from allcore.nn import ChannelNorm, fully_connected_normalized, normalized_layer


def test_frames_are_normalised_over_channels_at_every_place() -> None:
    norm = ChannelNorm(3)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2.0, 3.0]))
        norm.bias.copy_(torch.tensor([0.0, 0.5, -0.5]))
    frames = np.random.default_rng(0).normal(2, 5, (2, 3, 4, 5))
    normalised = (frames - frames.mean(1, keepdims=True)) / np.sqrt(frames.var(1, keepdims=True) + norm.eps)
    expected = normalised * np.array([1, 2, 3])[:, None, None] + np.array([0, 0.5, -0.5])[:, None, None]
    given = torch.tensor(frames, dtype=torch.float32)
    assert norm(given).detach().numpy() == pytest.approx(expected, abs=1e-5)
    channels_last = norm(given.contiguous(memory_format=torch.channels_last))
    assert channels_last.is_contiguous(memory_format=torch.channels_last)
    assert channels_last.detach().numpy() == pytest.approx(expected, abs=1e-5)


def test_every_activation_has_a_normalisation_before_it_and_the_last_layer_has_none() -> None:
    network = fully_connected_normalized(6, (5, 4), 2)
    kinds = [type(part) for part in network]
    hidden = [nn.Linear, nn.LayerNorm, nn.ReLU]
    assert kinds == [nn.Flatten, *hidden, *hidden, nn.Linear]
    assert network[2].normalized_shape == (5,)
    assert network[5].normalized_shape == (4,)
    assert network(torch.zeros(3, 2, 3)).shape == (3, 2)
    convolution = normalized_layer(nn.Conv2d(1, 7, 3))
    assert [type(part) for part in convolution] == [nn.Conv2d, ChannelNorm, nn.ReLU]


def test_weights_begin_with_the_deviations_of_he_and_lecun() -> None:
    torch.manual_seed(0)
    network = fully_connected_normalized(200, (300,), 100)
    convolution = normalized_layer(nn.Conv2d(16, 64, 5))[0]
    assert network[1].weight.std().item() == pytest.approx((2 / 200) ** 0.5, rel=0.02)
    assert network[4].weight.std().item() == pytest.approx((1 / 300) ** 0.5, rel=0.02)
    assert convolution.weight.std().item() == pytest.approx((2 / (16 * 25)) ** 0.5, rel=0.02)  # type: ignore[union-attr]
    assert not network[1].bias.any()
    assert not network[4].bias.any()
    assert not convolution.bias.any()  # type: ignore[union-attr]
