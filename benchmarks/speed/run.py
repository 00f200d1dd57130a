"""How fast runs train: ours, other libraries, a plain script, and the floor, side by side.

    sh benchmarks/speed/setup_peers.sh
    python benchmarks/speed/run.py dqn_breakout                 one workload; workloads.py has them all
    python benchmarks/speed/run.py --repeats 5                  all of them (hours)
    python benchmarks/speed/run.py ppo_breakout --contenders ours,sb3,floor

What is counted are agent steps per second while learning is under way. benchmarks/README.md says how.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import HERE, RESULTS, Command, Run, measure, measure_once, python_of, summarise, write
from workloads import WORKLOADS, Workload

NAMES = {
    "ours": "allcore",
    "ours-compiled": "allcore, compiled",
    "ours-bf16": "allcore, bfloat16",
    "sb3": "Stable-Baselines3",
    "tianshou": "Tianshou",
    "torchrl": "TorchRL",
    "seed": "autonomous-learning-library",
    "plain": "plain PyTorch",
    "floor": "the floor",
}
OURS = ("ours", "floor")  # what runs in this environment; a contender's name begins with that of its own


def main() -> int:
    options = parse_options()
    held = True
    for name in options.workloads or WORKLOADS:
        workload = WORKLOADS[name]
        print(f"{workload.title}", flush=True)
        asked = {"frames": options.frames, "threads": options.threads, "device": options.device}
        settings = dict(workload.settings) | {name: value for name, value in asked.items() if value}
        check_rollouts(settings)
        contenders = commands(workload, options.contenders)
        runs = measure(contenders, settings, options.repeats)
        shares = profiles(contenders, settings)
        held = held and {run["contender"] for run in runs} == set(contenders)
        summary = summarise(runs)
        bars = hold(workload, summary)
        held = held and all(bar["holds"] for bar in bars)
        table = make_table(workload, summary, bars, runs) + profile_table(shares)
        found = {"contenders": summary, "bars": bars, "profiles": shares}
        path = write(options.out, name, settings, runs, table, found)
        print(f"\n{table}\nwritten: {path}\n", flush=True)
    return 0 if held else 1


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"of {', '.join(WORKLOADS)}")
    parser.add_argument("--contenders", help="separated by commas (default: all of the workload)")
    parser.add_argument("--frames", type=int, help="agent steps under the clock (default: the workload's)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each contender (%(default)s)")
    parser.add_argument("--device", help="where the networks are, such as cuda (default: the processor)")
    parser.add_argument("--threads", type=int, help="of each process (default: the workload's)")
    parser.add_argument(
        "--out", type=Path, help="folder for the results (default: results/speed, or results/speed-DEVICE)"
    )
    options = parser.parse_args()
    if unknown := set(options.workloads) - set(WORKLOADS):
        parser.error(f"no workload {', '.join(sorted(unknown))}: there are {', '.join(WORKLOADS)}")
    options.out = options.out or RESULTS.with_name(
        RESULTS.name + (f"-{options.device}" if options.device else "")
    )
    options.contenders = options.contenders.split(",") if options.contenders else None
    if unknown := set(options.contenders or ()) - set(NAMES):
        parser.error(f"no contender {', '.join(sorted(unknown))}: there are {', '.join(NAMES)}")
    return options


def commands(workload: Workload, chosen: list[str] | None) -> dict[str, Command]:
    """The command of each contender that the workload has, and what it is told beyond the workload's settings."""
    found = {}
    for name, (script, settings) in workload.contenders.items():
        if chosen is None or name in chosen:
            library = name.partition("-")[0]
            python = sys.executable if library in (*OURS, "plain") else python_of(library)
            found[name] = Command([python, str(HERE / "contenders" / f"{script}.py")], settings)
    if missing := set(chosen or ()) - set(found):
        print(f"without {', '.join(sorted(missing))}, which this workload does not have", flush=True)
    return found


def check_rollouts(settings: Mapping[str, Any]) -> None:
    """Refuse to stop the clock within a rollout: nobody else than ours could.

    Raises:
        SystemExit: it would be.
    """
    rollout = settings["n_envs"] * settings["n_steps"] if "n_epochs" in settings else 1
    for name in ("warm_up", "frames"):
        if settings[name] % rollout:
            raise SystemExit(f"{name} are whole rollouts of {rollout:,} agent steps, not {settings[name]:,}")


def profiles(contenders: Mapping[str, Command], settings: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Where the time of each of ours goes, as shares, in a run of its own: looking costs time."""
    ours = {
        name: Command(command.arguments, {**command.settings, "profile": True})
        for name, command in contenders.items()
        if name.startswith("ours")
    }
    found = {name: measure_once(command, settings) for name, command in ours.items()}
    return {name: run["profile"] for name, run in found.items() if run is not None}


def profile_table(shares: Mapping[str, Mapping[str, float]]) -> str:
    """The shares of each of ours, as a table; empty without any."""
    if not shares:
        return ""
    parts = list(next(iter(shares.values())))
    rows = [f"| where the time goes | {' | '.join(parts)} |", "|---" * (len(parts) + 1) + "|"]
    rows += [
        f"| {NAMES[name]} | {' | '.join(f'{share:.1%}' for share in its.values())} |"
        for name, its in shares.items()
    ]
    return "\n" + "\n".join(rows) + "\n"


def hold(workload: Workload, summary: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Hold what was measured against what must be: our ratio to the fastest peer, and our time above the floor."""
    peers = {name: row for name, row in summary.items() if not name.startswith(OURS)}
    bars: list[dict[str, Any]] = []
    for ours, least in workload.least_ratio.items():
        own = best_of(summary, ours)
        if own and peers:
            fastest = max(peers, key=lambda name: peers[name]["steps_per_second"])
            ratio = summary[fastest][f"{own}_to_it"]
            what = f"{NAMES[own]} to the fastest peer ({NAMES[fastest]})"
            bars.append({"what": what, "measured": ratio, "at least": least, "holds": ratio >= least})
    best = best_of(summary, "ours")
    if best and "floor" in summary and workload.most_above_floor is not None:
        above, most = 1 / summary["floor"][f"{best}_to_it"] - 1, workload.most_above_floor
        what = f"{NAMES[best]}: time above the floor"
        bars.append({"what": what, "measured": above, "at most": most, "holds": above <= most})
    if "plain" in summary and workload.cleanrl is not None:
        speed = summary["plain"]["steps_per_second"]
        what = f"{NAMES['plain']}: agent steps per second, where CleanRL's script had {workload.cleanrl:,} on a like machine"
        least = workload.cleanrl
        bars.append({"what": what, "measured": speed, "at least": least, "holds": speed >= least})
    return bars


def best_of(summary: Mapping[str, Mapping[str, float]], ours: str) -> str | None:
    """The faster of `ours` and the same compiled; None where neither was measured."""
    names = [name for name in (ours, f"{ours}-compiled") if name in summary]
    return max(names, key=lambda name: summary[name]["steps_per_second"], default=None)


def make_table(
    workload: Workload,
    summary: Mapping[str, Mapping[str, float]],
    bars: list[dict[str, Any]],
    runs: list[Run],
) -> str:
    rows = [
        f"| {workload.title} | agent steps per second (median, range) | ours is faster by the factor | by processor time | optimizer steps |",
        "|---|---|---|---|---|",
    ]
    for name, row in summary.items():
        speed = f"{row['steps_per_second']:,.0f} ({row['slowest']:,.0f} to {row['fastest']:,.0f})"
        ratios = f"{row['ours_to_it']:.2f} | {row['ours_to_it_by_cpu']:.2f}" if "ours_to_it" in row else " | "
        updates = "/".join(sorted({str(run["updates"]) for run in runs if run["contender"] == name}))
        rows.append(f"| {NAMES[name]} | {speed} | {ratios} | {updates} |")
    for floor in sorted({run["contender"] for run in runs if run["contender"].startswith("floor")}):
        found = [run["milliseconds"] for run in runs if run["contender"] == floor]
        parts = {name: statistics.median(own[name] for own in found) for name in found[0]}
        text = ", ".join(f"{part} {ms:.3g} ms" for part, ms in parts.items())
        rows += ["", f"The parts of {NAMES[floor]}: {text}."]
    for bar in bars:
        bound = f"at least {bar['at least']:,.2f}" if "at least" in bar else f"at most {bar['at most']:.0%}"
        value = f"{bar['measured']:,.2f}" if "at least" in bar else f"{bar['measured']:.1%}"
        rows += ["", f"{bar['what']}: {value}, wanted {bound}: {'holds' if bar['holds'] else 'falls short'}."]
    loads = sorted(run["load_before"] for run in runs)
    rows += [
        "",
        f"The machine's load when a clock started: {statistics.median(loads):.1f} in the median, {loads[0]:.1f} to {loads[-1]:.1f}.",
    ]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
