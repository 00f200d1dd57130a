"""How long it takes to start, alone: the command line, and what other libraries take to be imported.

    sh benchmarks/speed/setup_peers.sh
    python benchmarks/speed/start.py [--repeats 9]

Seconds from the start of a process to its end, medians; the first round is not counted, as it reads files from the disk.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from harness import RESULTS, Run, python_of, write

#: Name, interpreter and arguments.
COMMANDS: dict[str, tuple[str | None, list[str]]] = {
    "python alone": (None, ["-c", "pass"]),
    "import torch": (None, ["-c", "import torch"]),
    "all --version": (None, ["-m", "allcore", "--version"]),
    "all list presets": (None, ["-m", "allcore", "list", "presets"]),
    "all run --dry-run": (
        None,
        ["-m", "allcore", "run", "--preset", "atari.dqn", "--env", "Breakout", "--dry-run"],
    ),
    "import stable_baselines3": ("sb3", ["-c", "import stable_baselines3"]),
    "import tianshou": ("tianshou", ["-c", "import tianshou.data, tianshou.algorithm, tianshou.env"]),
    "import torchrl": (
        "torchrl",
        ["-c", "import torchrl.collectors, torchrl.data, torchrl.envs, torchrl.objectives"],
    ),
    "import all (autonomous-learning-library)": (
        "seed",
        ["-c", "import gymnasium; gymnasium.logger.set_level = print; import all.presets, all.agents"],
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=9, help="of each command (%(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args()
    runs: list[Run] = []
    for repetition in range(options.repeats + 1):
        for name, (peer, arguments) in COMMANDS.items():
            python = python_of(peer) if peer else sys.executable
            start = time.perf_counter()
            process = subprocess.run([python, *arguments], capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - start
            if process.returncode:
                raise SystemExit(f"{name} failed:\n{process.stderr}")
            if repetition:
                runs.append({"contender": name, "repetition": repetition, "seconds": seconds})
    seconds_of = {name: [run["seconds"] for run in runs if run["contender"] == name] for name in COMMANDS}
    summary = {name: statistics.median(found) for name, found in seconds_of.items()}
    rows = ["| process | seconds (median, range) |", "|---|---|"]
    rows += [
        f"| {name} | {statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f}) |"
        for name, found in seconds_of.items()
    ]
    table = "\n".join(rows) + "\n"
    path = write(options.out, "start", {"repeats": options.repeats}, runs, table, summary)
    print(f"{table}\nwritten: {path}")


if __name__ == "__main__":
    main()
