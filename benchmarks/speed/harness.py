"""Measures contenders side by side: alternating, each time in a new process, ratios taken within one repetition."""

from __future__ import annotations

import datetime
import functools
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VENVS = HERE.parent / ".venvs"
RESULTS = HERE.parent / "results" / "speed"

Run = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """What starts a contender.

    Attributes:
        arguments: the command; it gets the settings as JSON and prints its result as one line of JSON.
        settings: what it alone is told.
    """

    arguments: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)


def python_of(peer: str) -> str:
    """The interpreter of a peer's environment.

    Raises:
        SystemExit: `setup_peers.sh` has not made it.
    """
    python = VENVS / peer / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{peer} is not installed: run sh benchmarks/speed/setup_peers.sh first")
    return str(python)


def measure(contenders: Mapping[str, Command], settings: Mapping[str, Any], repeats: int) -> list[Run]:
    """Run every contender `repeats` times, in turn, and begin each repetition with another one.

    One that fails is told of, and left out from there on with what it had: the others have been measured for hours.

    Args:
        contenders: by their names.
        settings: what all of them are told.
        repeats: how often.

    Raises:
        SystemExit: there is none, or all have failed.
    """
    commit()  # of what is measured, which may take hours
    runs: list[Run] = []
    names = list(contenders)
    for repetition in range(repeats):
        first = repetition % max(len(names), 1)
        for name in names[first:] + names[:first]:
            run = measure_once(contenders[name], settings)
            if run is None:
                print(f"{name} failed, and is left out", flush=True)
                names.remove(name)
                runs = [each for each in runs if each["contender"] != name]
                continue
            print(f"{repetition + 1}/{repeats} {name:6} {run['steps_per_second']:8.1f} steps/s", flush=True)
            runs.append({"contender": name, "repetition": repetition, **run})
    if not runs:
        raise SystemExit("nothing was measured: no contender is left")
    return runs


def measure_once(contender: Command, settings: Mapping[str, Any]) -> Run | None:
    """What one process of a contender says; None, with its errors on the screen, if it says nothing."""
    command = [*contender.arguments, json.dumps({**settings, **contender.settings})]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        process.check_returncode()
        run: Run = json.loads(process.stdout.splitlines()[-1])
    except (subprocess.CalledProcessError, IndexError, ValueError):
        print(process.stdout, process.stderr, sep="\n", file=sys.stderr)
        return None
    return run


def summarise(runs: list[Run]) -> dict[str, dict[str, float]]:
    """For each contender its median of steps per second, and the medians of our ratios to it, repetition by repetition.

    `ours_to_it` compares by the clock, `ours_to_it_by_cpu` by the processor time of a step: it leaves out waiting, and is what
    to look at where others use the machine, too. Where there are several of ours, each has such entries by its name.
    """
    found: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run["repetition"]):
        found.setdefault(run["contender"], []).append(run)
    summary = {}
    for name, its in found.items():
        speeds = [run["steps_per_second"] for run in its]
        summary[name] = {
            "steps_per_second": statistics.median(speeds),
            "slowest": min(speeds),
            "fastest": max(speeds),
        }
        for ours in (other for other in found if other.startswith("ours")):
            pairs = list(zip(found[ours], its, strict=True))
            clock = [own["steps_per_second"] / other["steps_per_second"] for own, other in pairs]
            summary[name][f"{ours}_to_it"] = statistics.median(clock)
            costs = [_cpu_per_step(other) / _cpu_per_step(own) for own, other in pairs]
            summary[name][f"{ours}_to_it_by_cpu"] = statistics.median(costs)
    return summary


def _cpu_per_step(run: Run) -> float:
    return float(run["cpu_seconds"] / run["agent_steps"])


def write(
    out: Path,
    workload: str,
    settings: Mapping[str, Any],
    runs: list[Run],
    table: str,
    summary: Mapping[str, Any],
) -> Path:
    """Write `<workload>.json`, with every number, and beside it the table as Markdown; give the former's path."""
    now = datetime.datetime.now(datetime.UTC)
    record = {
        "workload": workload,
        "date": now.isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "machine": machine(),
        "settings": dict(settings),
        "summary": summary,
        "runs": runs,
    }
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{workload}.json"
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(table, encoding="utf-8")
    return path


def machine() -> dict[str, Any]:
    """What the measurements depend on."""
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "platform": platform.platform(), "commit": commit()}


def cpu_model() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


@functools.cache
def commit() -> str | None:
    """The commit that is measured, as it was when first asked for, with a `+` if files had changed since; results do not count."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", ":/", f":(exclude){RESULTS.parent}")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}{'+' if changed else ''}"


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()
