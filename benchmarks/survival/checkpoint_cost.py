"""What a checkpoint costs when the replay is large: only the rows that are new should be written.

    python benchmarks/survival/checkpoint_cost.py --rows 1000000 --new 10000

Needs memory for twice the replay (14 GB for a million rows of Atari) while it loads, and as much room on the disk once.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from allcore.core import State
from allcore.core.frames import StackedFrames
from allcore.experiments.checkpoints import Checkpoints
from allcore.memory import ExperienceReplayBuffer, PrioritizedReplayBuffer

RESULTS = Path(__file__).parents[1] / "results" / "survival"

KINDS = {
    "uniform": ExperienceReplayBuffer,
    "prioritised": lambda rows, generator: PrioritizedReplayBuffer(
        rows, generator=generator, alpha=0.5, beta=0.4
    ),
}


class Filler:
    """Stores transitions like Atari's: four frames of 84 x 84 bytes, of which one is new in each step."""

    def __init__(self, buffer: Any) -> None:
        generator = torch.Generator().manual_seed(0)
        self._frames = [
            torch.randint(0, 256, (1, 84, 84), dtype=torch.uint8, generator=generator) for _ in range(64)
        ]
        self._buffer, self._last, self._step = buffer, None, 0

    def store(self, rows: int) -> None:
        """Store so many, in episodes that never end."""
        action = torch.tensor(1)
        for step in range(self._step, self._step + rows):
            stack = tuple(self._frames[(step + lag) % 64] for lag in range(4))
            state = State({"observation": StackedFrames(stack, 0), "reward": 0.0, "done": False, "mask": 1.0})
            self._buffer.store(self._last, action if self._last is not None else None, state)
            self._last = state
        self._step += rows


def measure(kind: str, rows: int, new: int, repeats: int, folder: Path) -> dict[str, Any]:
    """Seconds of the first checkpoint, of those that follow after `new` further transitions each, and of loading one."""
    buffer = KINDS[kind](rows, generator=torch.Generator().manual_seed(0))
    filler, checkpoints, frame = Filler(buffer), Checkpoints(folder), itertools.count(1)
    filler.store(rows)

    def save() -> float:
        began = time.perf_counter()
        checkpoints.save(next(frame), {"replay": buffer.state_dict()})
        return time.perf_counter() - began

    first, later, sizes = save(), [], []
    for _ in range(repeats):
        filler.store(new)
        before = {path.name for path in folder.iterdir()}
        later.append(save())
        sizes.append(sum(path.stat().st_size for path in folder.iterdir() if path.name not in before))
    again = KINDS[kind](rows, generator=torch.Generator())
    began = time.perf_counter()
    state, _ = Checkpoints(folder).load()
    again.load_state_dict(state["replay"])
    return {
        "kind": kind,
        "first_s": first,
        "later_s": later,
        "later_bytes": sizes,
        "load_s": time.perf_counter() - began,
        "on_disk_bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "disk_write_bytes_per_s": _write_speed(folder),
        "peak_resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _write_speed(folder: Path) -> float:
    """What this disk does with 256 MB of plain bytes, flushed: the floor of anything that is written."""
    path, content = folder / "speed", os.urandom(1 << 20) * 256
    began = time.perf_counter()
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    seconds = time.perf_counter() - began
    path.unlink()
    return len(content) / seconds


def _table(record: dict[str, Any]) -> str:
    lines = [
        f"A replay of {record['rows']:,} Atari transitions; {record['new']:,} new ones between two checkpoints. Medians.",
        "",
        "| replay | first checkpoint | each later one | of bytes | load | on disk | this disk writes |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in record["measured"]:
        later, size = statistics.median(one["later_s"]), statistics.median(one["later_bytes"])
        lines.append(
            f"| {one['kind']} | {one['first_s']:.1f} s | {later:.2f} s | {size / 1e6:.0f} MB | {one['load_s']:.1f} s "
            f"| {one['on_disk_bytes'] / 1e9:.2f} GB | {one['disk_write_bytes_per_s'] / 1e6:,.0f} MB/s |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure each kind of replay in a process of its own, and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--new", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--only", choices=KINDS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        folder = Path(tempfile.mkdtemp(dir=given.out))
        try:
            print(json.dumps(measure(given.only, given.rows, given.new, given.repeats, folder)))
        finally:
            shutil.rmtree(folder)
        return
    given.out.mkdir(parents=True, exist_ok=True)
    measured = []
    for kind in KINDS:
        load = os.getloadavg()[0]
        command = [sys.executable, __file__, "--only", kind, *sys.argv[1:]]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        measured.append({**json.loads(done.stdout), "load_before": load})
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    record = {
        "workload": "checkpoint_cost",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", "benchmarks/survival/checkpoint_cost.py", *sys.argv[1:]]),
        "machine": {"platform": platform.platform(), "cpus": os.cpu_count(), "commit": commit},
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "rows": given.rows,
        "new": given.new,
        "measured": measured,
    }
    (given.out / "checkpoint_cost.json").write_text(json.dumps(record, indent=1) + "\n")
    (given.out / "checkpoint_cost.md").write_text(_table(record))
    print(_table(record))


if __name__ == "__main__":
    main()
