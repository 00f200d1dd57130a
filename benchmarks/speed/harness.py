"""Measures contenders side by side: alternating, each time in a new process, ratios taken within one repetition."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VENVS = HERE.parent / ".venvs"

Run = dict[str, Any]


def parse_arguments(description: str | None, *, frames: int) -> argparse.Namespace:
    """The options that every workload has; `frames` is its default."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--frames", type=int, default=frames, help="agent steps under the clock (%(default)s)"
    )
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each contender (%(default)s)")
    parser.add_argument("--out", type=Path, default=HERE.parent / "results", help="folder for the results")
    return parser.parse_args()


def python_of(peer: str) -> str:
    """The interpreter of a peer's environment.

    Raises:
        SystemExit: `setup_peers.sh` has not made it.
    """
    python = VENVS / peer / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{peer} is not installed: run sh benchmarks/speed/setup_peers.sh first")
    return str(python)


def measure(contenders: Mapping[str, list[str]], settings: Mapping[str, Any], repeats: int) -> list[Run]:
    """Run every contender `repeats` times, in turn, and begin each repetition with another one.

    Args:
        contenders: the command of each; it gets the settings as JSON and prints its result as JSON.
        settings: what all of them are told.
        repeats: how often.

    Raises:
        SystemExit: a contender failed.
    """
    runs: list[Run] = []
    names = list(contenders)
    for repetition in range(repeats):
        first = repetition % len(names)
        for name in names[first:] + names[:first]:
            command = [*contenders[name], json.dumps(settings)]
            process = subprocess.run(command, capture_output=True, text=True, check=False)
            if process.returncode:
                raise SystemExit(f"{name} failed:\n{process.stderr}")
            run = {"contender": name, "repetition": repetition, **json.loads(process.stdout.splitlines()[-1])}
            print(f"{repetition + 1}/{repeats} {name:6} {run['steps_per_second']:8.1f} steps/s", flush=True)
            runs.append(run)
    return runs


def summarise(runs: list[Run], ours: str = "ours") -> dict[str, dict[str, float]]:
    """For each contender its median of steps per second, and the median of our ratio to it, repetition by repetition."""
    speeds: dict[str, list[float]] = {}
    for run in sorted(runs, key=lambda run: run["repetition"]):
        speeds.setdefault(run["contender"], []).append(run["steps_per_second"])
    return {
        name: {
            "steps_per_second": statistics.median(own),
            "slowest": min(own),
            "fastest": max(own),
            "ours_to_it": statistics.median(a / b for a, b in zip(speeds[ours], own, strict=True)),
        }
        for name, own in speeds.items()
    }


def write(
    out: Path,
    workload: str,
    settings: Mapping[str, Any],
    runs: list[Run],
    table: str,
    summary: Mapping[str, Any] | None = None,
) -> Path:
    """Write `<workload>-<date>.json`, with every number, and beside it the table as Markdown; give the former's path.

    Without a summary, it is that of all runs together.
    """
    now = datetime.datetime.now(datetime.UTC)
    record = {
        "workload": workload,
        "date": now.isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "machine": machine(),
        "settings": dict(settings),
        "summary": summary or summarise(runs),
        "runs": runs,
    }
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{workload}-{now:%Y-%m-%d}.json"
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


def commit() -> str | None:
    """The commit that is measured, with a `+` if files have changed since."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
    try:
        found = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
