"""How fast a vector of MuJoCo environments steps: ours, Gymnasium's AsyncVectorEnv and EnvPool, side by side.

    sh benchmarks/speed/setup_peers.sh
    python benchmarks/speed/mujoco_vector.py [--repeats 3] [--seconds 3]

What is counted are agent steps per second of all environments together, with random actions, observations and rewards
included. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from harness import HERE, RESULTS, Command, Run, measure, python_of, summarise, write

#: Tasks and numbers of environments.
WORKLOADS = [
    *(("HalfCheetah-v5", n) for n in (1, 8, 32, 64, 128)),
    *((task, 64) for task in ("Hopper-v5", "Ant-v5", "Humanoid-v5")),
]
SETTINGS = {"seed": 0, "warm_up": 30}  # steps of the whole vector before the clock starts
NAMES = {"ours": "allcore", "gymnasium": "AsyncVectorEnv", "envpool": "EnvPool"}


def main() -> None:
    options = parse_arguments()
    script = str(HERE / "contenders" / "mujoco_vector.py")
    pythons = {"ours": sys.executable, "gymnasium": sys.executable, "envpool": python_of("envpool")}
    contenders = {name: Command([python, script, name]) for name, python in pythons.items()}
    settings = SETTINGS | {"seconds": options.seconds}
    runs: list[Run] = []
    for task, n in WORKLOADS:
        print(f"{task}, {n} environments", flush=True)
        workload = {"task": task, "envs": n}
        runs += [workload | run for run in measure(contenders, settings | workload, options.repeats)]
    summary = {
        f"{task} {n}": summarise([run for run in runs if (run["task"], run["envs"]) == (task, n)])
        for task, n in WORKLOADS
    }
    table = make_table(summary, runs)
    path = write(options.out, "mujoco_vector", settings, runs, table, summary)
    print(f"\n{table}\nwritten: {path}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each contender (%(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    return parser.parse_args()


def make_table(summary: dict[str, dict[str, dict[str, float]]], runs: list[Run]) -> str:
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
        speeds = [f"{found[name]['steps_per_second']:,.0f}" for name in NAMES]
        ratios = [
            ratio
            for peer in peers
            for ratio in (f"{found[peer]['ours_to_it']:.2f}", f"{found[peer]['ours_to_it_by_cpu']:.2f}")
        ]
        rows.append(f"| {task} | {n} | {' | '.join(speeds + ratios)} |")
    loads = sorted(run["load_before"] for run in runs)
    rows += [
        "",
        f"The machine's load when a clock started: {statistics.median(loads):.1f} in the median, {loads[0]:.1f} to "
        f"{loads[-1]:.1f}; a measurement of two threads adds up to 2, one of AsyncVectorEnv more.",
    ]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
