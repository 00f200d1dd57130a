"""How fast DQN trains on Breakout: ours, Stable-Baselines3's, and the floor, side by side.

    sh benchmarks/speed/setup_peers.sh
    python benchmarks/speed/dqn_breakout.py [--repeats 3] [--frames 3000]

What is counted are agent steps per second while learning is under way, on the CPU. See benchmarks/README.md.
"""

from __future__ import annotations

import statistics
import sys

from harness import HERE, Run, measure, parse_arguments, python_of, summarise, write

from allcore.experiments.threads import MOST_THREADS, available_cores

SETTINGS = {
    "frame_skip": 4,  # emulator frames per agent step
    "minibatch_size": 32,
    "update_frequency": 4,  # agent steps per update
    "target_update_frequency": 1000,  # updates
    "replay_buffer_size": 100_000,
    "replay_start_size": 2000,  # agent steps
    "warm_up": 2200,  # agent steps before the clock starts, so 50 updates
    "lr": 1e-4,
    "exploration": 0.01,  # where exploration ends; random actions would be cheaper
    "seed": 0,
}
NAMES = {"ours": "allcore", "sb3": "Stable-Baselines3", "floor": "floor"}


def main() -> None:
    options = parse_arguments(__doc__, frames=3000)
    settings = SETTINGS | {"frames": options.frames, "threads": min(MOST_THREADS, available_cores())}
    pythons = {"ours": sys.executable, "sb3": python_of("sb3"), "floor": sys.executable}
    contenders = {
        name: [python, str(HERE / "contenders" / f"dqn_breakout_{name}.py")]
        for name, python in pythons.items()
    }
    runs = measure(contenders, settings, options.repeats)
    table = make_table(runs)
    path = write(options.out, "dqn_breakout", settings, runs, table)
    print(f"\n{table}\nwritten: {path}")


def make_table(runs: list[Run]) -> str:
    rows = [
        "| DQN on Breakout | agent steps per second (median, range) | ours is faster by the factor |",
        "|---|---|---|",
    ]
    for name, row in summarise(runs).items():
        speed = f"{row['steps_per_second']:.1f} ({row['slowest']:.1f} to {row['fastest']:.1f})"
        rows.append(f"| {NAMES[name]} | {speed} | {row['ours_to_it']:.2f} |")
    floors = [run["milliseconds"] for run in runs if run["contender"] == "floor"]
    parts = {name: statistics.median(floor[name] for floor in floors) for name in floors[0]}
    rows += ["", f"The floor's parts: {', '.join(f'{part} {ms:.2f} ms' for part, ms in parts.items())}."]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
