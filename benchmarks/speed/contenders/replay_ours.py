"""Our replay buffers, filled with stacks of Atari frames."""

from __future__ import annotations

import torch
from replay_parts import BATCH, EPISODE, frames, measure, settings

from allcore.core import StackedFrames, State
from allcore.memory import ExperienceReplayBuffer, PrioritizedReplayBuffer


def main() -> None:
    given = settings()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    prioritised = given["kind"] == "prioritised"
    kind = PrioritizedReplayBuffer if prioritised else ExperienceReplayBuffer
    buffer = kind(given["transitions"], generator=generator)
    pictures = [torch.from_numpy(frame)[None] for frame in frames(64)]
    last: State | None = None

    def store(step: int) -> None:
        nonlocal last
        age = min(step % EPISODE, 3)  # an episode begins with one frame, four times
        stack = tuple(pictures[(step - min(back, age)) % 64] for back in (3, 2, 1, 0))
        done = step % EPISODE == EPISODE - 1
        state = State(
            {"observation": StackedFrames(stack, 0), "reward": 1.0, "done": done, "life_lost": False}
        )
        buffer.store(last, None if last is None else 1, state)
        last = state

    errors = torch.rand(BATCH)
    update = (lambda: buffer.update_priorities(errors)) if prioritised else None
    measure(given, store, lambda: buffer.sample(BATCH), update, "allcore", "torch")


if __name__ == "__main__":
    main()
