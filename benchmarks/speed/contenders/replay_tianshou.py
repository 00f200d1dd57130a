"""Tianshou's replay buffers, told to store each frame once and to stack four when sampling."""

from __future__ import annotations

import numpy as np
from replay_parts import BATCH, EPISODE, frames, measure, settings
from tianshou.data import Batch, PrioritizedReplayBuffer, ReplayBuffer

FRAMES_ONCE = {"stack_num": 4, "ignore_obs_next": True, "save_only_last_obs": True}


def main() -> None:
    given = settings()
    prioritised = given["kind"] == "prioritised"
    size = given["transitions"]
    if prioritised:
        buffer = PrioritizedReplayBuffer(size, alpha=0.5, beta=0.4, **FRAMES_ONCE)
    else:
        buffer = ReplayBuffer(size, **FRAMES_ONCE)
    pictures = frames(64 + 4)
    drawn = np.zeros(BATCH, np.int64)

    def store(step: int) -> None:
        first, done = step % 64, step % EPISODE == EPISODE - 1
        buffer.add(
            Batch(
                obs=pictures[first : first + 4],
                obs_next=pictures[first + 1 : first + 5],
                act=1,
                rew=1.0,
                terminated=done,
                truncated=False,
                info={},
            )
        )

    def sample() -> None:
        drawn[:] = buffer.sample(BATCH)[1]

    errors = np.random.default_rng(0).random(BATCH)
    update = (lambda: buffer.update_weight(drawn, errors)) if prioritised else None
    measure(given, store, sample, update, "tianshou")


if __name__ == "__main__":
    main()
