"""The results: one JSON file for each workload, written after every run, and a table of all of them."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from instants import CHECKPOINT
from workloads import WORKLOADS, command

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "survival"

_DISTRIBUTIONS = ("allcore", "torch", "numpy", "gymnasium", "ale-py", "mujoco", "safetensors")


class WorkloadFile:
    """The results of one workload.

    Args:
        path: the file; what is in it stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    @property
    def runs(self) -> list[dict[str, Any]]:
        """All runs so far."""
        return self._content.get("runs", [])

    @property
    def kills(self) -> int:
        """All kills so far."""
        return sum(len(run["kills"]) for run in self.runs)

    def begin(
        self,
        workload: str,
        seconds: dict[bool, float],
        reference: dict[str, str],
        options: argparse.Namespace,
    ) -> None:
        """Say what is measured, or see that it is the same as before.

        Raises:
            RuntimeError: the uninterrupted run ends differently now: other code, another machine.
        """
        if self._content and self._content["uninterrupted"]["digests"] != reference:
            raise RuntimeError(f"{self.path} is of another run; move it away, or use --out")
        self._content = self._content or {
            "workload": workload,
            "command": ["all", *command(workload, "DIR")],
            "measured_by": options.command,
            "seed": options.seed,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": _machine(),
            "versions": {name: importlib.metadata.version(name) for name in _DISTRIBUTIONS}
            | {"python": platform.python_version()},
            "commit": _commit(),
            "uninterrupted": {
                "seconds_forked": round(seconds[True], 2),
                "seconds_plain": round(seconds[False], 2),
                "digests": reference,
            },
            "runs": [],
        }

    def add(self, result: dict[str, Any]) -> None:
        """Add a run, and write the file."""
        self.runs.append(result)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(_compact(self._content))
        os.replace(temporary, self.path)


def write_table(folder: Path) -> None:
    """Write README.md from the files in the folder."""
    files = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    files.sort(key=lambda content: list(WORKLOADS).index(content["workload"]))
    lines = [
        "# Does a run survive being killed?",
        "",
        "Made by `python benchmarks/survival/kill.py`; [what was done](../../survival/README.md). Every kill is in the JSON files.",
        "",
        "| workload | runs | equal | kills | in a checkpoint | in another file | starting or going on | training | evaluating | ending | not known |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(_row(content) for content in files),
        "",
        "A run is equal if weights, CSV files, JSON lines and TensorBoard's scalars (but for the clock) are those of the uninterrupted",
        "run, and so is the whole training state at the end: replay, optimizers, random generators, simulator. The state, and the",
        "phase that a kill met, are known of forked workers only.",
        "",
        "| workload | what was being written when it was killed |",
        "|---|---|",
        *(_writing(content) for content in files),
        "",
        "| workload | seconds without a kill | machine | versions | commit |",
        "|---|---|---|---|---|",
        *(_origin(content) for content in files),
        "",
    ]
    different = [
        (content["workload"], run) for content in files for run in content["runs"] if not run["equal"]
    ]
    for workload, run in different:
        lines += [
            f"**Not equal:** {workload}, run {run['run']}: {', '.join(run['different'] + run['notices'] + run['left_over'])}",
            "",
        ]
    (folder / "README.md").write_text("\n".join(lines))


def _row(content: dict[str, Any]) -> str:
    kills = [kill for run in content["runs"] for kill in run["kills"]]
    phases = Counter(kill["phase"] for kill in kills)
    counts = [
        sum(kill["writing"] in CHECKPOINT for kill in kills),
        sum(kill["writing"] is not None and kill["writing"] not in CHECKPOINT for kill in kills),
        phases["starting"] + phases["going on"],
        *(phases[phase] for phase in ("training", "evaluating", "ending", None)),
    ]
    equal = sum(run["equal"] for run in content["runs"])
    return (
        f"| {content['workload']} | {len(content['runs'])} | {equal} | {len(kills)} | "
        + " | ".join(map(str, counts))
        + " |"
    )


def _writing(content: dict[str, Any]) -> str:
    counts = Counter(kill["writing"] for run in content["runs"] for kill in run["kills"] if kill["writing"])
    return f"| {content['workload']} | {', '.join(f'{what}: {number}' for what, number in counts.most_common()) or 'nothing'} |"


def _origin(content: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    seconds = content["uninterrupted"]
    return f"| {content['workload']} | {seconds['seconds_forked']} ({seconds['seconds_plain']} with the start of Python) | {content['machine']} | {versions} | {content['commit']} |"


def _compact(content: dict[str, Any]) -> str:
    """JSON with one line for each kill."""
    text = json.dumps(content, indent=1)
    for run in content["runs"]:
        for kill in run["kills"]:
            text = text.replace(json.dumps(kill, indent=1).replace("\n", "\n    "), json.dumps(kill), 1)
    return text + "\n"


def _machine() -> str:
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if line.startswith("model name")
        ]
        processor = names[0] if names else processor
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + (
            "+" if git("status", "--porcelain", "--untracked-files=no") else ""
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
