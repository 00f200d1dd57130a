"""What replay costs, alone: time to store and to draw transitions of Atari, and memory, ours and other libraries'.

    sh benchmarks/speed/setup_peers.sh
    python benchmarks/speed/replay.py [--transitions 10000,100000,1000000] [--kinds uniform,prioritised] [--repeats 3]

Each measurement is a process of its own that fills a buffer with stacks of four 84x84 frames. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness import HERE, RESULTS, Run, python_of, write

NAMES = {
    "ours": "allcore",
    "sb3": "Stable-Baselines3",
    "tianshou": "Tianshou",
    "seed": "autonomous-learning-library",
}
#: What each has, and about how many bytes a transition takes, by which one sees beforehand what does not fit.
KINDS = {"uniform": ("ours", "sb3", "tianshou", "seed"), "prioritised": ("ours", "tianshou", "seed")}
BYTES = {"ours": 7_300, "sb3": 57_000, "tianshou": 8_500, "seed": 10_000}
MEASURED = ("store_us", "sample_us", "update_us", "bytes_per_transition")


def main() -> None:
    options = parse_options()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    runs: list[Run] = []
    for kind in options.kinds:
        for transitions in options.transitions:
            fitting = [name for name in KINDS[kind] if BYTES[name] * transitions < 0.7 * memory]
            for repetition in range(options.repeats):
                runs += [measure(name, kind, transitions, repetition) for name in fitting]
    summary = summarise(runs)
    table = make_table(summary)
    path = write(options.out, "replay", {"batch": 32, "episode": 200}, runs, table, summary)
    print(f"\n{table}\nwritten: {path}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--transitions", default="10000,100000,1000000", help="(%(default)s)")
    parser.add_argument("--kinds", default=",".join(KINDS), help="(%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each (%(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args()
    options.transitions = [int(number) for number in options.transitions.split(",")]
    options.kinds = options.kinds.split(",")
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"no kind {', '.join(sorted(unknown))}: there are {', '.join(KINDS)}")
    return options


def measure(name: str, kind: str, transitions: int, repetition: int) -> Run:
    """Run one contender in a process of its own.

    Raises:
        SystemExit: it failed.
    """
    python = sys.executable if name == "ours" else python_of(name)
    settings = {"kind": kind, "transitions": transitions}
    command = [python, str(HERE / "contenders" / f"replay_{name}.py"), json.dumps(settings)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise SystemExit(f"{name} failed:\n{process.stderr}")
    found: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    print(
        f"{kind} {transitions:,} {name:8} {', '.join(f'{key} {found[key]:,}' for key in MEASURED if key in found)}",
        flush=True,
    )
    return {"contender": name, "repetition": repetition, **settings, **found}


def summarise(runs: list[Run]) -> list[dict[str, Any]]:
    """The medians of each contender, kind and size."""
    groups: dict[tuple[str, int, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run["kind"], run["transitions"], run["contender"]), []).append(run)
    return [
        {"kind": kind, "transitions": transitions, "contender": name}
        | {key: statistics.median(run[key] for run in its) for key in MEASURED if key in its[0]}
        for (kind, transitions, name), its in groups.items()
    ]


def make_table(summary: list[dict[str, Any]]) -> str:
    rows = [
        "| replay | transitions | library | store, µs | draw 32, µs | update 32 priorities, µs | bytes for each transition |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in summary:
        cells = [f"{row[key]:,.{0 if key == MEASURED[-1] else 1}f}" if key in row else "" for key in MEASURED]
        rows.append(
            f"| {row['kind']} | {row['transitions']:,} | {NAMES[row['contender']]} | {' | '.join(cells)} |"
        )
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
