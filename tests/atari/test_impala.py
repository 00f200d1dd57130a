"""IMPALA's residual network: its size and what it computes."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium.spaces import Box
from torch.nn.functional import conv2d, max_pool2d, relu

from all_atari import AtariEnvironment
from all_atari.impala import impala_convolutions
from all_atari.presets import dqn, ppo

STACK = Box(0, 255, (4, 84, 84), np.uint8)


def test_it_has_the_paper_s_size() -> None:
    """Worked out by hand: each stage has one convolution that widens and four that keep the width."""
    stages = [(4, 16), (16, 32), (32, 32)]
    expected = sum(9 * before * after + after + 4 * (9 * after * after + after) for before, after in stages)
    assert sum(parameter.numel() for parameter in impala_convolutions(STACK).parameters()) == expected


def test_it_computes_what_the_paper_draws() -> None:
    network = impala_convolutions(STACK)
    frames = torch.randint(256, (2, 4, 84, 84), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    weights = iter([parameter.contiguous() for parameter in network.parameters()])
    x = frames.float() / 255
    for _ in range(3):
        x = max_pool2d(conv2d(x, next(weights), next(weights), padding=1), 3, stride=2, padding=1)
        for _ in range(2):
            inner = conv2d(relu(x), next(weights), next(weights), padding=1)
            x = x + conv2d(relu(inner), next(weights), next(weights), padding=1)
    features = network(frames)
    assert features.shape == (2, 11 * 11 * 32)
    assert torch.allclose(features, relu(x).flatten(1), atol=1e-5)


def test_a_preset_takes_it() -> None:
    features = "all_atari.impala:impala_convolutions"
    preset = dqn.hyperparameters(features=features, hidden="256").env(AtariEnvironment("Breakout")).build()
    first_linear = next(layer for layer in preset.modules() if isinstance(layer, torch.nn.Linear))
    assert (first_linear.in_features, first_linear.out_features) == (3872, 256)


def test_with_ppo_it_has_one_layer_that_policy_and_values_share() -> None:
    features = "all_atari.impala:impala_convolutions"
    builder = ppo.hyperparameters(features=features, shared_hidden="256")
    preset = builder.env(AtariEnvironment("Breakout")).build()
    layers = [layer for layer in preset.modules() if isinstance(layer, torch.nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(3872, 256), (256, 1), (256, 4)]
