"""When a worker is killed, and what it was doing then."""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker import Worker

#: What is aimed at, and how often: any instant; a checkpoint that is being written; any other file that is.
AIMS = {"any instant": 0.5, "a checkpoint": 0.4, "another file": 0.1}

#: What `writing` may say where a kill cut off a checkpoint.
CHECKPOINT = (
    "rows of the replay",
    "between the rows and the checkpoint",
    "the checkpoint",
    "removing the oldest",
)


@dataclass
class Instant:
    """When to kill.

    Attributes:
        aim: one of `AIMS`.
        after: seconds since the worker's start; an aimed kill waits from then on for a temporary file, and if it sees none,
            the worker comes to its end.
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
        if self.aim == "any instant":
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
    # A write takes a few milliseconds or some ten, and is followed by that of the next file: all of it is to be met.
    delay = rng.choice([0.0, rng.uniform(0, 0.003), rng.uniform(0, 0.03), rng.uniform(0, 0.1)])
    earliest = 0.0 if aim == "any instant" else ready
    return Instant(aim=aim, after=rng.uniform(earliest, ready + way), delay=delay)


def seen_afterwards(worker: Worker, instant: Instant | None, folder: Path) -> dict[str, Any]:
    """What a kill met, by what the dead process left behind."""
    assert instant is not None
    frame, phase = worker.frame_and_phase()
    run = _run_folder(folder)
    checkpoints = _files(run / "checkpoints", since=0.0)
    new = _files(run / "checkpoints", since=worker.started_at)
    finished = _is_finished(run)
    return {
        "aim": instant.aim,
        "seconds": round(worker.killed_after, 3),
        "phase": phase,
        "frame": frame,
        "goes_on_from": None if finished else max(_frames(checkpoints, ""), default=0),
        "writing": _cut_off(checkpoints, new, finished=finished)
        or _half_written(_files(run, since=worker.started_at)),
    }


def _files(folder: Path, *, since: float) -> list[str]:
    """The names of what was written since then (seconds since 1970); what earlier kills left is older."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.stat().st_mtime >= since - 0.01)


def _frames(names: list[str], prefix: str) -> list[int]:
    """The frames of checkpoints, or with the prefix `rows-` of their rows."""
    found = (
        name.removeprefix(prefix).removesuffix(".safetensors") for name in names if name.startswith(prefix)
    )
    return [int(frame) for frame in found if frame.isdigit()]


def _cut_off(names: list[str], new: list[str], *, finished: bool) -> str | None:
    """Which part of a checkpoint's writing was cut off, by what lies in the folder and what of it is new."""
    for name in new:
        if name.endswith(".tmp"):
            return "rows of the replay" if name.startswith(".rows-") else "the checkpoint"
    if finished:
        return "removing all at the end" if names else None
    newest = max(_frames(names, ""), default=0)
    if max(_frames(new, "rows-"), default=0) > newest:
        return "between the rows and the checkpoint"
    return "removing the oldest" if len(_frames(names, "")) > 2 and newest in _frames(new, "") else None


def _half_written(names: list[str]) -> str | None:
    """Which other file was half-written."""
    for name in names:
        if name.endswith(".tmp"):
            return "preset.safetensors" if name.startswith(".preset") else name.removesuffix(".tmp")
    return None


def _is_finished(run: Path) -> bool:
    try:
        return json.loads((run / "status.json").read_text())["state"] == "finished"
    except (OSError, ValueError, KeyError):
        return False


def _temporary_files(folder: Path, *, checkpoints: bool) -> bool:
    run = _run_folder(folder)
    try:
        return any(name.endswith(".tmp") for name in os.listdir(run / "checkpoints" if checkpoints else run))
    except OSError:
        return False


def _run_folder(folder: Path) -> Path:
    """The folder of the only run in it; one that does not exist before there is one."""
    return next(folder.glob("runs/*/*/*"), folder / "none")
