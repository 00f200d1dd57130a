"""The networks of `atari.pqn` and `atari.iqn` against their papers, computed step by step."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium.spaces import Discrete
from torch.nn.functional import conv2d, layer_norm, linear, relu

from all_atari import AtariEnvironment
from all_atari.presets import iqn, pqn

FRAMES = torch.randint(256, (2, 4, 84, 84), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def _model(builder: Any) -> torch.nn.Module:
    frame = AtariEnvironment("Breakout").observation_space
    return builder.build_for(frame, Discrete(3), environment="a game").composition.model


def _normalised(x: torch.Tensor, gain: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Over the channels, at every place of its own."""
    return layer_norm(x.movedim(1, -1), (x.shape[1],), gain, shift).movedim(-1, 1)


def test_pqn_normalises_before_every_activation() -> None:
    model = _model(pqn)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # gains and shifts that tell one layer from another
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    w1, b1, g1, s1, w2, b2, g2, s2, w3, b3, g3, s3, w4, b4, g4, s4, w5, b5 = (
        parameter.contiguous() for parameter in model.parameters()
    )
    x = FRAMES.float() / 255
    x = relu(_normalised(conv2d(x, w1, b1, stride=4), g1, s1))
    x = relu(_normalised(conv2d(x, w2, b2, stride=2), g2, s2))
    x = relu(_normalised(conv2d(x, w3, b3, stride=1), g3, s3))
    x = linear(relu(_normalised(linear(x.flatten(1), w4, b4), g4, s4)), w5, b5)
    assert x.shape == (2, 3)
    assert torch.allclose(model(FRAMES), x, atol=1e-4)


def test_iqn_multiplies_the_convolutions_features_with_those_of_fractions() -> None:
    model = _model(iqn)
    w1, b1, w2, b2, w3, b3, w_tau, b_tau, w4, b4, w5, b5 = (
        parameter.contiguous() for parameter in model.parameters()
    )
    fractions = torch.rand(2, 5, generator=torch.Generator().manual_seed(2))
    x = FRAMES.float() / 255
    x = relu(conv2d(x, w1, b1, stride=4))
    x = relu(conv2d(x, w2, b2, stride=2))
    x = relu(conv2d(x, w3, b3, stride=1)).flatten(1)
    cosines = torch.cos(torch.pi * torch.arange(64) * fractions.unsqueeze(-1))
    x = x.unsqueeze(1) * relu(linear(cosines, w_tau, b_tau))
    x = linear(relu(linear(x, w4, b4)), w5, b5)  # [2, 5, 3]
    assert torch.allclose(model(FRAMES, fractions), x.transpose(1, 2), atol=1e-5)
