"""How much memory a transition in replay takes, as the operating system counts it for the whole process.

    python benchmarks/memory/replay_bytes.py [--transitions 100000] [--envs 1 8] [--replay prioritized] [--n-steps 3]

Every line is a fresh process that fills a buffer of Atari-like steps (84x84 frames in stacks of 4) or of CartPole-like
steps, and prints what the process has grown by, per transition; the plain copy of both stacks would be 56,448 bytes.
Times are medians, in microseconds, of one call of `store`, of one of `sample`, and with priorities of one of
`update_priorities`. Between two samples four steps are stored, as in DQN.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from allcore.core import StackedFrames, State, StateArray
from allcore.memory import (
    ExperienceReplayBuffer,
    NStepReplayBuffer,
    PrioritizedReplayBuffer,
    ReplayBuffer,
    memory_bytes,
)

EPISODE = 200


def make_state(kind: str, num_envs: int | None, frames: list[torch.Tensor], step: int) -> State:
    observation = StackedFrames(tuple(frames)) if kind == "atari" else frames[-1]
    done = step % EPISODE == EPISODE - 1
    if num_envs is None:
        return State({"observation": observation, "reward": 1.0, "done": done, "life_lost": False})
    entries = {
        "observation": observation,
        "reward": torch.ones(num_envs),
        "done": torch.full((num_envs,), done),
        "life_lost": torch.zeros(num_envs, dtype=torch.bool),
    }
    return StateArray(entries, (num_envs,))


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def make_buffer(replay: str, n_steps: int, capacity: int) -> ReplayBuffer:
    generator = torch.Generator().manual_seed(0)
    kind = PrioritizedReplayBuffer if replay == "prioritized" else ExperienceReplayBuffer
    buffer = kind(capacity, generator=generator)
    return buffer if n_steps == 1 else NStepReplayBuffer(n_steps, 0.99, buffer)


def median_us(
    call: Callable[[], object], between: Callable[[], object] = lambda: None, number: int = 500
) -> float:
    times = []
    for _ in range(number):
        between()
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1e6, 1)


def measure(
    kind: str, num_envs: int | None, transitions: int, replay: str, n_steps: int
) -> dict[str, object]:
    torch.set_num_threads(1)
    lead = () if num_envs is None else (num_envs,)
    shape = (*lead, 1, 84, 84) if kind == "atari" else (*lead, 4)
    dtype = torch.uint8 if kind == "atari" else torch.float32
    frames = [torch.ones(shape, dtype=dtype) for _ in range(4)]
    action = 1 if num_envs is None else torch.ones(num_envs, dtype=torch.int64)
    batch_size = 32 if kind == "atari" else 64

    # A small buffer first, so that what libraries load on first use is not counted. It is kept, so that its memory is
    # not used again.
    kept = []
    for capacity in (1000, transitions):
        before = resident_bytes()
        buffer = make_buffer(replay, n_steps, capacity)
        state = make_state(kind, num_envs, frames, 0)
        buffer.store(None, None, state)
        for step in range(1, capacity // (num_envs or 1) + 5):
            state, previous = make_state(kind, num_envs, frames, step), state
            buffer.store(previous, action, state)
        buffer.sample(batch_size)
        kept.append(buffer)
        grown = resident_bytes() - before

    following = make_state(kind, num_envs, frames, 0)

    def store() -> None:
        nonlocal state
        buffer.store(state, action, following)
        state = following

    def store_4() -> None:
        for _ in range(4):
            store()

    errors = torch.rand(batch_size)
    for _ in range(200):  # priorities of all sizes
        buffer.sample(batch_size)
        buffer.update_priorities(errors)
    prioritized = replay == "prioritized"
    estimated = memory_bytes(transitions, state, action, prioritized=prioritized)
    found: dict[str, object] = {
        "kind": kind,
        "replay": replay,
        "n_steps": n_steps,
        "envs": num_envs or 1,
        "transitions": transitions,
        "held": len(buffer),
        "bytes_per_transition": round(grown / transitions, 1),
        "bytes_estimated": round(estimated / transitions, 1),
        "store_us": median_us(store),
        f"sample_{batch_size}_us": median_us(lambda: buffer.sample(batch_size), store_4),
    }
    if prioritized:
        found["update_us"] = median_us(
            lambda: buffer.update_priorities(errors), lambda: buffer.sample(batch_size)
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--transitions", type=int, default=100_000)
    parser.add_argument("--envs", type=int, nargs="*", default=[1, 8])
    parser.add_argument("--replay", choices=["uniform", "prioritized"], default="uniform")
    parser.add_argument("--n-steps", type=int, default=1)
    parser.add_argument("--one", nargs=2, metavar=("KIND", "ENVS"), help="measure in this process")
    options = parser.parse_args()
    if options.one:
        num_envs = int(options.one[1])
        lead = None if num_envs == 1 else num_envs
        found = measure(options.one[0], lead, options.transitions, options.replay, options.n_steps)
        print(json.dumps(found))
        return
    for kind in ("atari", "cartpole"):
        for num_envs in options.envs:
            arguments = ["--one", kind, str(num_envs), "--transitions", str(options.transitions)]
            arguments += ["--replay", options.replay, "--n-steps", str(options.n_steps)]
            subprocess.run([sys.executable, __file__, *arguments], check=True)


if __name__ == "__main__":
    main()
