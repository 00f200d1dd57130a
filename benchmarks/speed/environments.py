"""How fast environments step, alone: ours, the simulator's own vector, Gymnasium's AsyncVectorEnv and EnvPool, side by side.

    sh benchmarks/speed/setup_peers.sh
    python benchmarks/speed/environments.py [Breakout CartPole-v1 HalfCheetah-v5 ...] [--envs 1,8,64] [--repeats 3] [--seconds 3]

What is counted are agent steps per second of all environments together, with random actions, observations and rewards
included. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import HERE, RESULTS, Command, Run, measure, python_of, summarise, write

ENVS = (1, 8, 32, 64, 128)
#: Tasks, the contenders that have them, and how many environments at once.
TASKS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "Breakout": (("ours", "raw", "gymnasium"), ENVS),
    "CartPole-v1": (("ours", "raw"), ENVS),
    "HalfCheetah-v5": (("ours", "gymnasium", "envpool"), ENVS),
    "Hopper-v5": (("ours", "gymnasium", "envpool"), (64,)),
    "Ant-v5": (("ours", "gymnasium", "envpool"), (64,)),
    "Humanoid-v5": (("ours", "gymnasium", "envpool"), (64,)),
}
SETTINGS = {"seed": 0, "warm_up": 30}  # steps of the whole vector before the clock starts
NAMES = {"ours": "allcore", "raw": "the simulator's own", "gymnasium": "AsyncVectorEnv", "envpool": "EnvPool"}


def main() -> None:
    options = parse_arguments()
    settings = SETTINGS | {"seconds": options.seconds}
    runs: list[Run] = []
    for task in options.tasks or TASKS:
        names, numbers = TASKS[task]
        for n in options.envs or numbers:
            print(f"{task}, {n} environments", flush=True)
            workload = {"task": task, "envs": n}
            found = measure(commands(names), settings | workload, options.repeats)
            runs += [workload | run for run in found]
    summary = {key: summarise(its) for key, its in by_workload(runs).items()}
    table = make_table(summary, runs)
    path = write(options.out, "environments", settings, runs, table, summary)
    print(f"\n{table}\nwritten: {path}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(TASKS)} (default: all)")
    parser.add_argument("--envs", help="how many at once, such as 1,8,64 (default: the task's)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each contender (%(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args()
    if unknown := set(options.tasks) - set(TASKS):
        parser.error(f"no task {', '.join(sorted(unknown))}: there are {', '.join(TASKS)}")
    options.envs = [int(n) for n in options.envs.split(",")] if options.envs else None
    return options


def commands(names: tuple[str, ...]) -> dict[str, Command]:
    script = str(HERE / "contenders" / "environments.py")
    pythons = {name: python_of("envpool") if name == "envpool" else sys.executable for name in names}
    return {name: Command([python, script, name]) for name, python in pythons.items()}


def by_workload(runs: list[Run]) -> dict[str, list[Run]]:
    """The runs of each task and number of environments, as `task n`."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(f"{run['task']} {run['envs']}", []).append(run)
    return found


def make_table(summary: Mapping[str, Mapping[str, Mapping[str, Any]]], runs: list[Run]) -> str:
    peers = [name for name in NAMES if name != "ours"]
    rows = [
        "| agent steps per second, medians | environments | "
        + " | ".join(NAMES.values())
        + "".join(f" | to {NAMES[peer]} | by processor time" for peer in peers)
        + " |",
        "|---" * (2 + len(NAMES) + 2 * len(peers)) + "|",
    ]
    for workload, found in summary.items():
        task, n = workload.split()
        cells = [f"{found[name]['steps_per_second']:,.0f}" if name in found else "" for name in NAMES]
        for peer in peers:
            entries = [found[peer]["ours_to_it"], found[peer]["ours_to_it_by_cpu"]] if peer in found else []
            cells += [f"{entry:.2f}" for entry in entries] or ["", ""]
        rows.append(f"| {task} | {n} | {' | '.join(cells)} |")
    loads = sorted(run["load_before"] for run in runs)
    rows += [
        "",
        f"The machine's load when a clock started: {statistics.median(loads):.1f} in the median, {loads[0]:.1f} to "
        f"{loads[-1]:.1f}; a measurement of two threads adds up to 2, one of AsyncVectorEnv more.",
    ]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
