"""What it would give to let the simulator play while the agent learns.

    python benchmarks/speed/overlap.py                          DQN on Breakout, with 1 and with 8 environments
    python benchmarks/speed/overlap.py --device cuda --threads 16

The same agent in both orders (contenders/overlap_dqn.py), in turns. benchmarks/README.md says how speeds are measured.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness import HERE, RESULTS, Command, Run, measure, summarise, write
from workloads import WORKLOADS

SCRIPT = str(HERE / "contenders" / "overlap_dqn.py")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--envs", type=int, nargs="+", default=[1, 8], help="how many (default: 1 8)")
    parser.add_argument("--repeats", type=int, default=5, help="measurements of each order (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of each process (%(default)s)")
    parser.add_argument("--device", default="cpu", help="where the network is (%(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args()
    settings = {**WORKLOADS["dqn_breakout"].settings, "threads": options.threads, "device": options.device}
    runs: list[Run] = []
    rows = ["| environments | in series | overlapped | ratio | by processor time |", "|---|---|---|---|---|"]
    summary = {}
    for envs in options.envs:
        orders = {
            f"ours-{order}": Command([sys.executable, SCRIPT], {"n_envs": envs, "order": order})
            for order in ("series", "overlapped")
        }
        found = [{**run, "n_envs": envs} for run in measure(orders, settings, options.repeats)]
        runs += found
        summary[str(envs)] = both = summarise(found)
        series, overlapped = both["ours-series"], both["ours-overlapped"]
        rows.append(
            f"| {envs} | {series['steps_per_second']:.0f} | {overlapped['steps_per_second']:.0f}"
            f" | {series['ours-overlapped_to_it']:.3f} | {series['ours-overlapped_to_it_by_cpu']:.3f} |"
        )
    table = "\n".join(rows) + "\n"
    print(table, write(options.out, "overlap", settings, runs, table, summary), sep="\n")


if __name__ == "__main__":
    main()
