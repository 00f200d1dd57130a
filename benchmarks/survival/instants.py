"""When a worker is killed, and what it was doing then."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker import Worker

#: What is aimed at, and how often: any instant; a checkpoint that is being written; any other file that is.
AIMS = {"any instant": 0.5, "a checkpoint": 0.4, "another file": 0.1}

#: Seconds after which an aimed kill comes anyway, in case that no such file is ever seen.
AIMED_PATIENCE = 3.0


@dataclass
class Instant:
    """When to kill.

    Attributes:
        aim: one of `AIMS`.
        after: seconds since the worker's start; an aimed kill waits from then on for a temporary file.
        delay: seconds from the sight of the temporary file to the kill.
    """

    aim: str
    after: float
    delay: float
    seen_at: float | None = None

    def has_come(self, seconds: float, folder: Path) -> bool:
        """Whether it is now, so many seconds after the worker's start."""
        if seconds < self.after:
            return False
        if self.aim == "any instant" or seconds > self.after + AIMED_PATIENCE:
            return True
        if self.seen_at is None and _temporary_files(folder, checkpoints=self.aim == "a checkpoint"):
            self.seen_at = seconds
        return self.seen_at is not None and seconds >= self.seen_at + self.delay


def draw(rng: random.Random, ready: float, way: float) -> Instant:
    """The next instant.

    Args:
        rng: what to draw with.
        ready: seconds from a worker's start to the first step of training; nothing is aimed at before.
        way: seconds of training after which it comes at the latest.
    """
    (aim,) = rng.choices(list(AIMS), weights=list(AIMS.values()))
    # From half of the kills on the write is over: rows are one file, the rest is another, old files are removed.
    delay = rng.choice([0.0, rng.uniform(0, 0.003), rng.uniform(0, 0.03), rng.uniform(0, 0.1)])
    earliest = 0.0 if aim == "any instant" else ready
    return Instant(aim=aim, after=rng.uniform(earliest, ready + way), delay=delay)


def seen_afterwards(worker: Worker, instant: Instant | None, folder: Path) -> dict[str, Any]:
    """What a kill met, by what the dead process left behind."""
    assert instant is not None
    frame, phase = worker.frame_and_phase()
    checkpoints = _run_folder(folder) / "checkpoints"
    names = sorted(os.listdir(checkpoints)) if checkpoints.is_dir() else []
    whole = [int(name.split(".")[0]) for name in names if name[0].isdigit() and name.endswith(".safetensors")]
    rows = [int(name.split(".")[0][5:]) for name in names if name.startswith("rows-")]
    return {
        "aim": instant.aim,
        "seconds": round(worker.killed_after, 3),
        "phase": phase,
        "frame": frame,
        "goes_on_from": max(whole, default=0),
        "writing": _writing(names, whole, rows),
    }


def _writing(names: list[str], whole: list[int], rows: list[int]) -> str | None:
    """Which part of a checkpoint's writing was cut off."""
    (half, *_) = [*(name for name in names if name.endswith(".tmp")), None]
    if half is not None:
        return "rows of the replay" if half.startswith(".rows-") else "the checkpoint"
    if max(rows, default=0) > max(whole, default=0):
        return "between the rows and the checkpoint"
    return "removing the oldest" if len(whole) > 2 else None


def _temporary_files(folder: Path, *, checkpoints: bool) -> bool:
    run = _run_folder(folder)
    try:
        return any(name.endswith(".tmp") for name in os.listdir(run / "checkpoints" if checkpoints else run))
    except OSError:
        return False


def _run_folder(folder: Path) -> Path:
    """The folder of the only run in it; one that does not exist before there is one."""
    return next(folder.glob("runs/*/*/*"), folder / "none")
