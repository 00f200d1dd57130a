"""What agents remember of the past: replay buffers."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.memory.estimate import memory_bytes as memory_bytes
    from allcore.memory.replay_buffer import (
        ExperienceReplayBuffer as ExperienceReplayBuffer,
        ReplayBuffer as ReplayBuffer,
    )

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ReplayBuffer": "allcore.memory.replay_buffer",
        "ExperienceReplayBuffer": "allcore.memory.replay_buffer",
        "memory_bytes": "allcore.memory.estimate",
    },
)
