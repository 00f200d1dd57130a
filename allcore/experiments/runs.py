"""Which runs lie in a log folder, and how they are doing. Imports no torch, and reads a few small files per run."""

from __future__ import annotations

import csv
import datetime
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from allcore.errors import LogdirError
from allcore.experiments.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

#: A log folder has runs at `preset/env/run`, three levels down.
_DEPTH = 3

#: A run that has not been heard of for so long is taken for dead where its lock cannot be asked.
_SILENCE = datetime.timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run, as its folder tells it.

    Attributes:
        path: the run's folder.
        preset: name of the preset, such as `atari.dqn`.
        env: name of the environment, such as `Breakout`.
        seed: the root of the run's random streams.
        state: `submitted`, `running`, `finished`, `failed` or `interrupted`; a process that was killed leaves `interrupted`.
            `allcore.executors.standings.ask` asks where it was submitted to, and adds `queued`.
        frame: agent steps so far.
        frames: agent steps of the whole run.
        episodes: training episodes so far, if known.
        fps: agent steps per second when last heard of, if known.
        seconds_left: estimated when last heard of, if known.
        updated: when last heard of, in ISO 8601, if ever.
        error: what it failed with, if it failed.
        returns100: mean of the last hundred training returns, None before there were a hundred.
        evaluation: mean return of the last evaluation, if there was one.
        overrides: what sets the run apart from others of its preset and environment: hyperparameters and options of the
            environment that are not the default, and the wrappers.
        frame_skip: emulator frames per agent step.
        note: what the place says that it was submitted to, in a few words.
    """

    path: Path
    preset: str
    env: str
    seed: int
    state: str
    frame: int
    frames: float
    episodes: int | None = None
    fps: float | None = None
    seconds_left: float | None = None
    updated: str | None = None
    error: str | None = None
    returns100: float | None = None
    evaluation: float | None = None
    overrides: dict[str, Any]
    frame_skip: int = 1
    note: str | None = None


def find_runs(logdir: str | Path) -> list[Run]:
    """Find the runs in a log folder, in one of its folders, or the one that the folder itself is.

    Folders of other origin, and runs whose files cannot be understood, are passed over.

    Args:
        logdir: the folder to look in.

    Returns:
        The runs, sorted by preset, environment and seed.

    Raises:
        LogdirError: there is no such folder.
    """
    root = Path(logdir)
    if not root.is_dir():
        raise LogdirError(f"There is no log folder {root}.", hint="Name the folder that --logdir named.")
    runs = [run for path in _run_folders(root, _DEPTH) if (run := read_run(path)) is not None]
    return sorted(runs, key=lambda run: (run.preset, run.env, run.seed, run.path))


def read_run(path: str | Path) -> Run | None:
    """Read one run's folder; None if it is not one, or its run.json is damaged or of a later version."""
    folder = RunFolder(path)
    try:
        record, status = folder.read_run(), _sensible(folder.read_status())
        return Run(
            path=folder.path,
            preset=_known(str, record["preset"]),
            env=_known(str, record["env"]),
            seed=_known(int, record["seed"]),
            state=_state(folder, record, status),
            frame=status.get("frame", 0),
            frames=float(status.get("frames", _known(int, record["frames"]))),
            returns100=_last_mean(folder.path / "returns100.csv"),
            evaluation=_last_mean(folder.path / "evaluations.csv"),
            overrides=_overrides(record.get("spec", {})),
            frame_skip=_known(int, record.get("frame_skip", 1)),
            **{name: status.get(name) for name in ("episodes", "fps", "seconds_left", "updated", "error")},
        )
    except (KeyError, TypeError, ValueError, AttributeError, LogdirError):
        return None


def _known(kind: type[T], value: Any) -> T:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _sensible(status: dict[str, Any]) -> dict[str, Any]:
    """The entries of `status.json` that are what they should be: what is damaged there is unknown, and the run is still one."""
    return {
        name: value
        for name, kinds in _STATUS.items()
        if (value := status.get(name)) is not None
        and type(value) in kinds
        and (str in kinds or value >= 0)  # which no NaN is
    }


#: What `status.json` says that we read, and the types of it. A run can be without end.
_STATUS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("state", "updated", "host", "error"), (str,)),
    **dict.fromkeys(("frame", "episodes"), (int,)),
    **dict.fromkeys(("frames", "fps", "seconds_left"), (int, float)),
}


def _overrides(spec: dict[str, Any]) -> dict[str, Any]:
    wrappers = {"wrappers": spec["wrappers"]} if spec.get("wrappers") else {}
    return {**spec.get("hyperparameters", {}), **spec.get("environment_options", {}), **wrappers}


def _run_folders(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    if any(entry.name == "run.json" for entry in entries):
        yield folder
    elif depth > 0:
        for entry in entries:
            if entry.is_dir():
                yield from _run_folders(Path(entry.path), depth - 1)


def _state(folder: RunFolder, record: dict[str, Any], status: dict[str, Any]) -> str:
    """The state that the run says it is in, unless it says `running` and its process is gone."""
    if not status and record.get("started", "") is None:
        return "running" if folder.is_locked() else "submitted"
    state: str = status.get("state", "running")
    if state in ("finished", "failed", "interrupted"):
        return state
    locked = folder.is_locked()
    if status and (locked is None or status.get("host") != socket.gethostname()):
        # Locks do not reach every file system, nor from one machine to another on all that are shared.
        return "running" if locked or _is_recent(status) else "interrupted"
    return "running" if locked else "interrupted"


def _is_recent(status: dict[str, Any]) -> bool:
    try:
        updated = datetime.datetime.fromisoformat(status["updated"])
        # Times to come are as old as those gone by: a clock was set back, and the run may be dead for as long.
        return abs(datetime.datetime.now(datetime.UTC) - updated) < _SILENCE
    except (KeyError, TypeError, ValueError, OverflowError):
        return False


def _last_mean(path: Path) -> float | None:
    """The `mean` of a CSV file's last whole row, read from the file's two ends only."""
    try:
        with path.open("rb") as file:
            header = next(csv.reader([file.readline().decode()]))
            file.seek(max(file.tell(), path.stat().st_size - 1000))
            lines = file.read().decode(errors="replace").split("\n")
        values = next(csv.reader([lines[-2]]))
        return float(values[header.index("mean")])
    except (OSError, ValueError, IndexError, StopIteration, csv.Error):
        return None
