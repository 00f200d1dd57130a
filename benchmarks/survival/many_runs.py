"""A thousand runs at once on a Slurm cluster: what submitting and listing them takes, and what becomes of each.

    python benchmarks/survival/many_runs.py                         submits, lists, and cancels what waits
    python benchmarks/survival/many_runs.py --wait 7200             waits until all have ended (seconds at most)

Needs `sbatch` and a cluster behind it. The log folder has to lie where its nodes see it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results" / "survival"
ENDED = ("finished", "failed", "gone", "cancelled")

#: Stands before the real sbatch and notes each call.
NOTING = """#!/bin/sh
echo "$*" >> {calls}
exec {sbatch} "$@"
"""


def main() -> int:
    options = parse_options()
    sbatch = shutil.which("sbatch")
    if sbatch is None:
        raise SystemExit("There is no sbatch here: this wants a Slurm cluster.")
    with tempfile.TemporaryDirectory(prefix="many-runs-", dir=options.folder) as folder:
        runs = Runs(Path(folder), sbatch, options.runs)
        submitted = runs.submit(options.executor_set)
        again = runs.submit(options.executor_set)
        listing = [runs.listing() for _ in range(3)]
        ended = runs.wait(options.wait) if options.wait else None
        last = runs.listing()
        if not options.wait:
            runs.all("slurm", "cancel", "--all")
    record = {
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "platform": platform.platform()},
        "slurm": subprocess.run(
            [sbatch, "--version"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "runs": options.runs,
        "submission": submitted,
        "same command again": again,
        "all runs, seconds": [seconds for seconds, _ in listing],
        "all runs at last, seconds": last[0],
        "states at last": last[1],
        "seconds until all had ended": ended,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "many_runs.json"
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=2))
    accounted = sum(last[1].values()) == options.runs
    return 0 if accounted and submitted["sbatch calls"] == 1 and again["sbatch calls"] == 0 else 1


class Runs:
    """Tiny runs in a folder: one for each seed, submitted by one command."""

    def __init__(self, folder: Path, sbatch: str, number: int) -> None:
        self._folder, self._number = folder, number
        self._calls = folder / "sbatch-calls"
        self._calls.touch()
        (folder / "bin").mkdir()
        noting = folder / "bin" / "sbatch"
        noting.write_text(NOTING.format(calls=self._calls, sbatch=sbatch), encoding="utf-8")
        noting.chmod(0o755)

    def submit(self, settings: Sequence[str]) -> dict[str, Any]:
        """Type the command; what it took, and how often it called sbatch."""
        before, start = self._count(), time.perf_counter()
        words = ("--preset", "classic.vqn", "--env", "CartPole-v1", "--seeds", f"0-{self._number - 1}")
        words += ("--frames", "20", "--test-episodes", "0", "--executor", "slurm.array")
        for setting in settings:
            words += ("--executor-set", setting)
        self.all("run", *words, "--logdir", str(self._folder / "runs"))
        return {"seconds": round(time.perf_counter() - start, 2), "sbatch calls": self._count() - before}

    def listing(self) -> tuple[float, dict[str, int]]:
        """The seconds that `all runs` takes, and how many runs are in which state."""
        start = time.perf_counter()
        self.all("runs", str(self._folder / "runs"))
        seconds = time.perf_counter() - start
        rows = json.loads(self.all("runs", str(self._folder / "runs"), "--json"))
        return round(seconds, 2), dict(Counter(row["state"] for row in rows))

    def wait(self, most: float) -> float | None:
        """Until all have ended; the seconds that it took, or None if it took longer than `most`."""
        start = time.monotonic()
        while time.monotonic() - start < most:
            states = self.listing()[1]
            print(f"{time.monotonic() - start:6.0f} s: {states}", flush=True)
            if sum(states.get(state, 0) for state in ENDED) == self._number:
                return round(time.monotonic() - start, 1)
            time.sleep(20)
        return None

    def all(self, *words: str) -> str:
        """Call the command line as its user would, with the sbatch that notes its calls."""
        path = f"{self._folder / 'bin'}:{os.environ['PATH']}"
        command = [sys.executable, "-m", "allcore", *words]
        process = subprocess.run(
            command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        if process.returncode:
            raise SystemExit(f"all {' '.join(words)} failed:\n{process.stdout[-2000:]}{process.stderr}")
        return process.stdout

    def _count(self) -> int:
        return len(self._calls.read_text(encoding="utf-8").splitlines())


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1000, help="how many (%(default)s)")
    parser.add_argument(
        "--wait", type=float, help="seconds at most until all have ended (default: not at all)"
    )
    parser.add_argument("--executor-set", action="append", default=[], help="such as partition=gpu")
    parser.add_argument(
        "--folder", type=Path, help="where the log folder is made (default: the system's temporary folder)"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
