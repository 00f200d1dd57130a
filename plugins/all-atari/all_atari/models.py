"""Networks for Atari's frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from allcore.nn import normalized_layer, orthogonal

if TYPE_CHECKING:
    from gymnasium.spaces import Box


class Pixels(nn.Module):
    """Frames [N, C, H, W] of bytes to numbers from 0 to 1, laid out channels-last, which convolutions compute fastest."""

    def forward(self, frames: Tensor) -> Tensor:
        """Scale `frames`; they stay bytes everywhere else."""
        return frames.to(torch.float32, memory_format=torch.channels_last).mul_(1.0 / 255.0)


def nature_convolutions(observation_space: Box) -> nn.Sequential:
    """Features [N, 3136] of stacked 84x84 frames [N, S, 84, 84]; a hidden layer of 512 units belongs on top.

    Source: Mnih et al. (2015), Methods, "Model architecture". PyTorch's initialisation is the paper's (Torch 7's): uniform
    in +-1/sqrt(fan-in).

    Args:
        observation_space: a stack of S frames, `[S, 84, 84]`.
    """
    convolutions = nn.Sequential(
        Pixels(),
        nn.Conv2d(observation_space.shape[0], 32, 8, stride=4),
        nn.ReLU(),
        nn.Conv2d(32, 64, 4, stride=2),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, stride=1),
        nn.ReLU(),
        nn.Flatten(),
    )
    # torch documents this argument; its type stubs leave it out.
    return convolutions.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def orthogonal_nature_convolutions(observation_space: Box) -> nn.Sequential:
    """The same with orthogonal weights of gain sqrt(2) and zero biases, as policy-gradient agents begin.

    Source: openai/baselines, common/models.py, nature_cnn.

    Args:
        observation_space: a stack of S frames, `[S, 84, 84]`.
    """
    return orthogonal(nature_convolutions(observation_space))


def normalized_convolutions(observation_space: Box) -> nn.Sequential:
    """Features [N, 3136] of stacked 84x84 frames [N, S, 84, 84]: Nature's, with layer normalisation before each ReLU.

    Normalised are the channels, at every place of its own; weights begin as He et al. (2015) draw them.

    Source: Gallici et al. (2024), Simplifying deep temporal difference learning, and their code: purejaxql, pqn_atari.py.

    Args:
        observation_space: a stack of S frames, `[S, 84, 84]`.
    """
    convolutions = nn.Sequential(
        Pixels(),
        *normalized_layer(nn.Conv2d(observation_space.shape[0], 32, 8, stride=4)),
        *normalized_layer(nn.Conv2d(32, 64, 4, stride=2)),
        *normalized_layer(nn.Conv2d(64, 64, 3, stride=1)),
        nn.Flatten(),
    )
    return convolutions.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def needs_frames_and_discrete(observation_space: Any, action_space: Any) -> str | None:
    """What keeps these spaces from being one 84x84 grey frame and a choice of actions; None if nothing does."""
    import numpy as np
    from gymnasium.spaces import Box, Discrete

    frame = (1, 84, 84)
    if (
        not isinstance(observation_space, Box)
        or observation_space.shape != frame
        or observation_space.dtype != np.uint8
    ):
        return f"its observations are {observation_space}, and the preset's network takes 84x84 grey frames of bytes."
    if not isinstance(action_space, Discrete):
        return f"its actions are {action_space}, and the agent chooses one of several (Discrete)."
    return None
