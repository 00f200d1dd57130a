"""The Nature network: its size, and what it does to bytes."""

from __future__ import annotations

import torch
from gymnasium.spaces import Discrete
from torch.nn.functional import conv2d, linear, relu

from all_atari import AtariEnvironment
from all_atari.models import Pixels
from all_atari.presets import dqn


def _nature(n_actions: int) -> torch.nn.Module:
    """The network of `atari.dqn`."""
    frame = AtariEnvironment("Breakout").observation_space
    preset = dqn.build_for(frame, Discrete(n_actions), environment="a game")
    return preset.composition.model


def test_bytes_become_numbers_from_0_to_1() -> None:
    frames = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 3, 1, 1)
    numbers = Pixels()(frames)
    assert torch.allclose(numbers.flatten(), torch.tensor([0.0, 0.2, 1.0]))
    assert frames.flatten().tolist() == [0, 51, 255]


def test_it_has_the_paper_s_size() -> None:
    """Worked out by hand: 32 8x8 filters on 4 frames, 64 4x4 on 32, 64 3x3 on 64, 512 units on 64x7x7, 4 actions."""
    model = _nature(n_actions=4)
    sizes = [
        4 * 32 * 8 * 8 + 32,
        32 * 64 * 4 * 4 + 64,
        64 * 64 * 3 * 3 + 64,
        64 * 7 * 7 * 512 + 512,
        512 * 4 + 4,
    ]
    assert sum(parameter.numel() for parameter in model.parameters()) == sum(sizes) == 1_686_180


def test_it_computes_what_the_paper_says() -> None:
    model = _nature(n_actions=3)
    frames = torch.randint(256, (2, 4, 84, 84), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = (parameter.contiguous() for parameter in model.parameters())
    x = frames.float() / 255
    x = relu(conv2d(x, w1, b1, stride=4))
    x = relu(conv2d(x, w2, b2, stride=2))
    x = relu(conv2d(x, w3, b3, stride=1))
    x = linear(relu(linear(x.flatten(1), w4, b4)), w5, b5)
    assert torch.allclose(model(frames), x, atol=1e-5)
