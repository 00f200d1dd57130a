"""The autonomous-learning-library's replay buffers, filled with states whose frames its FrameStack body shares."""

from __future__ import annotations

import torch
from all.bodies.vision import LazyState, TensorDeviceCache
from all.memory import ExperienceReplayBuffer, PrioritizedReplayBuffer
from replay_parts import BATCH, EPISODE, frames, measure, settings
from seed_parts import seed_generators


def main() -> None:
    given = settings()
    torch.set_num_threads(1)
    seed_generators(0)
    prioritised = given["kind"] == "prioritised"
    kind = PrioritizedReplayBuffer if prioritised else ExperienceReplayBuffer
    buffer = kind(given["transitions"])
    pictures = frames(64)
    last, stack, cache = None, [], TensorDeviceCache()

    def store(step: int) -> None:
        nonlocal last, stack
        picture = torch.from_numpy(pictures[step % 64].copy())[None]  # each step's frame is a new one
        stack = [picture] * 4 if last is None or last.done else [*stack[1:], picture]
        done = step % EPISODE == EPISODE - 1
        entries = {"observation": picture, "reward": 1.0, "done": done, "mask": 1.0}
        state = LazyState.from_state(entries, stack, cache)
        buffer.store(last, 1, state)
        last = state

    errors = torch.rand(BATCH)
    update = (lambda: buffer.update_priorities(errors)) if prioritised else None
    measure(given, store, lambda: buffer.sample(BATCH), update, "autonomous-learning-library", "torch")


if __name__ == "__main__":
    main()
