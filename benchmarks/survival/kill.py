"""Kill runs with SIGKILL at random instants, let them go on, and see whether they end as one that was never killed.

    python benchmarks/survival/kill.py                          four workloads, 100 kills in each
    python benchmarks/survival/kill.py --workload ppo-cartpole --kills 10 --out /tmp/survival

Each workload is run once without interruption. Then the same command is started and killed, again and again, until it
comes to its end, and what it left is compared with the first run's; and so on with a new run, until there were enough
kills. Every run that was finished is written to its workload's file at once, and the same command goes on after an
interruption. README.md beside this file has the protocol.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: threads cannot be forked

import record
from compare import digests, leftovers
from instants import Instant, draw, seen_afterwards
from worker import STATE_FILE, Worker, preload
from workloads import WORKLOADS, command

#: A worker trains for at most this part of an uninterrupted run's training before it is killed.
LONGEST_PART = 0.25

#: The first run of each workload is started as a user starts it, and killed so many times; the others are forked.
PLAIN_KILLS = 5

#: Seconds after which a worker is taken to hang, as a multiple of the uninterrupted run's.
PATIENCE = 20


class Trial:
    """The runs of one workload in one folder.

    Args:
        workload: its name.
        folder: where to run; emptied afterwards but for runs that ended differently.
    """

    def __init__(self, workload: str, folder: Path) -> None:
        self.workload, self.folder = workload, folder
        self.seconds: dict[bool, float] = {}  # of an uninterrupted run, forked or not
        self.ready = 0.0  # seconds from the start of a forked one to its first step

    def whole(self, *, forked: bool) -> dict[str, str]:
        """Run without interruption, and give the digests of what it left."""
        folder = self._empty(f"whole-{'forked' if forked else 'plain'}")
        worker = Worker(command(self.workload, folder / "runs"), folder, forked=forked)
        while worker.code() is None:
            if worker.frame_and_phase()[1] in ("starting", "going on"):
                self.ready = worker.seconds
            time.sleep(0.005)
        self.seconds[forked] = worker.seconds
        if worker.code() != 0:
            raise RuntimeError(f"{self.workload} failed:\n{(folder / 'printed.txt').read_text()}")
        return self._left(folder, forked=forked)

    def killed(self, index: int, most: int, reference: dict[str, str], seed: int) -> dict[str, Any]:
        """One run that is killed on its way, at most so many times, and what became of it."""
        forked = index > 0
        most = most if forked else min(most, PLAIN_KILLS)
        rng = random.Random(f"{seed} {self.workload} {index}")
        folder = self._empty(f"run{index}")
        began, kills, code = time.monotonic(), [], None
        while code is None:
            worker = Worker(command(self.workload, folder / "runs"), folder, forked=forked)
            instant = draw(rng, *self._ready_and_way(forked)) if len(kills) < most else None
            code = self._wait(worker, instant, folder)
            if code is None:
                kills.append(seen_afterwards(worker, instant, folder))
        result = {
            "run": index,
            "started": "forked" if forked else "python -m allcore",
            "seconds": round(time.monotonic() - began, 1),
            "exit_code": code,
            **self._verdict(folder, reference, forked=forked, finished=code == 0),
            "kills": kills,
        }
        if result["equal"]:
            shutil.rmtree(folder)
        else:
            print(f"  kept in {folder}", flush=True)
        return result

    def _verdict(
        self, folder: Path, reference: dict[str, str], *, forked: bool, finished: bool
    ) -> dict[str, Any]:
        """Whether what a run left is what it should have left."""
        if not finished:
            return {"different": ["did not finish"], "notices": [], "left_over": [], "equal": False}
        (run,) = folder.glob("runs/*/*/*")
        left, left_over = self._left(folder, forked=forked), leftovers(run)
        different = sorted(name for name in left if left[name] != reference[name])
        continued = json.loads((run / "run.json").read_text())["continued"]
        notices = [notice for entry in continued for notice in entry["notices"]]
        return {
            "went_on_from": [entry["frame"] for entry in continued],
            "notices": notices,
            "left_over": left_over,
            "compared": sorted(left),
            "different": different,
            "equal": not (different or notices or left_over),
        }

    def _wait(self, worker: Worker, instant: Instant | None, folder: Path) -> int | None:
        """Until the worker ends (its exit code) or is killed (None)."""
        while (code := worker.code()) is None:
            if instant is not None and instant.has_come(worker.seconds, folder):
                return None if worker.kill() else worker.code()
            if worker.seconds > PATIENCE * self.seconds[worker.forked]:
                worker.kill()
                return 124
            time.sleep(0.0003)
        return code

    def _ready_and_way(self, forked: bool) -> tuple[float, float]:
        """Seconds until a worker trains, and for how long it does before it is killed at the latest."""
        start = 0.0 if forked else max(0.0, self.seconds[False] - self.seconds[True])
        return start + self.ready, LONGEST_PART * (self.seconds[True] - self.ready)

    def _left(self, folder: Path, *, forked: bool) -> dict[str, str]:
        (run,) = folder.glob("runs/*/*/*")
        return digests(run, folder / STATE_FILE if forked else None)

    def _empty(self, name: str) -> Path:
        folder = self.folder / self.workload / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


def measure(workload: str, options: argparse.Namespace, folder: Path) -> bool:
    """Kill a workload's runs until there were enough kills; say whether all ended equal."""
    trial = Trial(workload, folder)
    reference = trial.whole(forked=True)
    plain = trial.whole(forked=False)
    if any(reference[name] != digest for name, digest in plain.items()):
        raise RuntimeError(
            f"{workload}: a forked run is not equal to one of `python -m allcore`: {reference} {plain}"
        )
    file = record.WorkloadFile(options.out / f"{workload}.json")
    file.begin(workload, trial.seconds, reference, options)
    print(
        f"{workload}: {trial.seconds[True]:.1f} s without interruption; {file.kills} kills before", flush=True
    )
    while file.kills < options.kills:
        result = trial.killed(len(file.runs), options.kills - file.kills, reference, options.seed)
        file.add(result)
        verdict = "equal" if result["equal"] else f"NOT EQUAL: {result}"
        print(
            f"  run {result['run']}: {len(result['kills'])} kills, {result['seconds']} s, {verdict}",
            flush=True,
        )
    return all(result["equal"] for result in file.runs)


def main() -> int:
    """Measure what the command line asks for, and write the table. 0 if all runs ended equal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--workload", action="append", choices=list(WORKLOADS), help="one of them; repeatable"
    )
    parser.add_argument("--kills", type=int, default=100, help="how many in each workload")
    parser.add_argument("--seed", type=int, default=0, help="of the instants")
    parser.add_argument("--out", type=Path, default=record.RESULTS, help="the folder of the results")
    parser.add_argument("--folder", type=Path, help="where to run; by default a temporary folder")
    options = parser.parse_args()
    options.command = ["python", "benchmarks/survival/kill.py", *sys.argv[1:]]
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="survival-"))).resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    preload()
    equal = [measure(workload, options, folder) for workload in options.workload or WORKLOADS]
    record.write_table(options.out)
    if all(equal):
        shutil.rmtree(folder)
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
