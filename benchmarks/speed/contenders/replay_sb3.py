"""Stable-Baselines3's replay buffer, which stores both stacks of every transition; it has none with priorities."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from replay_parts import BATCH, EPISODE, frames, measure, settings
from stable_baselines3.common.buffers import ReplayBuffer


def main() -> None:
    given = settings()
    torch.set_num_threads(1)
    buffer = ReplayBuffer(given["transitions"], Box(0, 255, (4, 84, 84), np.uint8), Discrete(4))
    pictures = frames(64 + 4)
    action, reward = np.array([1]), np.array([1.0])

    def store(step: int) -> None:
        first = step % 64
        done = np.array([step % EPISODE == EPISODE - 1])
        stack, following = pictures[first : first + 4], pictures[first + 1 : first + 5]
        buffer.add(stack[None], following[None], action, reward, done, [{}])

    measure(given, store, lambda: buffer.sample(BATCH), None, "stable-baselines3", "torch")


if __name__ == "__main__":
    main()
