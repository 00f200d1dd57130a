"""The residual network of IMPALA: deeper than Nature's, and better where there is time to train it.

all run --preset atari.ppo --env Breakout --set features=all_atari.impala:impala_convolutions --set shared_hidden=256
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from all_atari.models import Pixels

if TYPE_CHECKING:
    from gymnasium.spaces import Box

_CHANNELS = (16, 32, 32)


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))), with 3x3 convolutions that keep the size."""

    def __init__(self, channels: int) -> None:
        """Take and give `channels`."""
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """`[N, C, H, W]` to the same."""
        residual: Tensor = self.second(relu(self.first(relu(x))))
        return x + residual


def impala_convolutions(observation_space: Box) -> nn.Sequential:
    """Features [N, 3872] of stacked 84x84 frames [N, S, 84, 84]; a hidden layer of 256 units belongs on top.

    Source: Espeholt et al. (2018), IMPALA: scalable distributed deep-RL with importance weighted actor-learner architectures,
    Figure 3 (right), without the LSTM and the instructions: three stages of 16, 32 and 32 channels, each a 3x3
    convolution, a 3x3 maximum with stride 2, and two residual blocks.

    Args:
        observation_space: a stack of S frames, `[S, 84, 84]`.
    """
    layers: list[nn.Module] = [Pixels()]
    channels = observation_space.shape[0]
    for width in _CHANNELS:
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.MaxPool2d(3, stride=2, padding=1)]
        layers += [ResidualBlock(width), ResidualBlock(width)]
        channels = width
    network = nn.Sequential(*layers, nn.ReLU(), nn.Flatten())
    # torch documents this argument; its type stubs leave it out.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
