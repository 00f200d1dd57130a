"""What a task of the job array does: carry out its run, save it when Slurm wants the node back, and ask to be queued again.

Slurm's environment says little that can be relied on: a task may start twice, or again after it has ended. What is to be done follows
from the run's folder alone: finished, cancelled, locked by another process, or to be gone on with.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from all_slurm.array import CANCELLED
from all_slurm.submission import run_of, submission_of
from allcore.errors import LogdirError
from allcore.experiments.interruption import Interruption
from allcore.experiments.run_folder import RunFolder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

#: USR1 comes before the time limit, TERM at it, at preemption and at a cancellation.
SIGNALS = (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT)

#: In a run's folder: a line for each time that a task began, and the frame from which it went on.
STARTS = "slurm-starts.jsonl"

#: A run that began so often at the same frame is not queued again by itself.
MOST_STARTS = 4

#: The exit code of a task that was queued again: "temporary failure" in sysexits.h.
QUEUED_AGAIN = 75


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the run of this task; see `allcore.executors.worker` for the arguments."""
    from allcore.executors.worker import EXIT_CODES, parser

    made = parser()
    made.add_argument("submission", type=Path)
    made.add_argument("index", type=int)
    given = made.parse_args(arguments)
    try:
        folder = RunFolder(run_of(given.submission, given.index))
    except LogdirError as error:
        return _say(1, error.message)
    with Interruption(SIGNALS, insistent=False) as interruption:
        try:
            if (folder.path / CANCELLED).exists():
                return _say(0, "cancelled: not begun")
            state, message = _carry_out(folder, given, interruption)
        except KeyboardInterrupt:
            state, message = "interrupted", "interrupted before it began"
        if state == "interrupted" and signal.SIGUSR1 in interruption.received:
            return _queue_again(folder)
    return _say(EXIT_CODES[state], f"{state}: {message}" if message else state)


def _carry_out(folder: RunFolder, given: argparse.Namespace, interruption: Interruption) -> tuple[str, str]:
    from allcore.executors.worker import mark_failed, work

    # A finished run has no checkpoints left, and would seem to begin at frame 0; a task that Slurm started twice begins nothing.
    if folder.read_status().get("state") != "finished" and not folder.is_locked():
        try:
            further = _note_start(folder)
        except OSError as error:
            reason = f"{folder.path / STARTS} cannot be written: {error.strerror or error}"
            return "failed", f"{reason}. Once it can be, the same command goes on with the run."
        if not further:
            message = f"began {MOST_STARTS} times without getting any further: is the time limit too short?"
            mark_failed(folder, message)
            return "failed", message
    _share_processors()
    if given.plugin:
        from allcore.plugins import configure

        configure(files=given.plugin)
    return work(folder, given.trust, interruption=interruption)


def _queue_again(folder: RunFolder) -> int:
    from all_slurm import slurm

    if (folder.path / CANCELLED).exists():
        return _say(0, "cancelled")
    # Its last checkpoint may have found no room: this says from where it really goes on.
    where = f"it goes on from frame {_newest_frame(folder):,}"
    if slurm.requeue(_task()):
        return _say(QUEUED_AGAIN, f"queued again: {where}")
    return _say(QUEUED_AGAIN, f"Slurm did not queue it again, the same command will: {where}")


def _task() -> str:
    """The id of this task alone. Of one task of each array SLURM_JOB_ID is the array's, and means all of its tasks to Slurm."""
    return f"{os.environ.get('SLURM_ARRAY_JOB_ID')}_{os.environ.get('SLURM_ARRAY_TASK_ID')}"


def _note_start(folder: RunFolder) -> bool:
    """Write down that the run begins; False if it has begun from the same frame too often since it was submitted."""
    frame = _newest_frame(folder)
    submission = submission_of(folder.path)
    name = submission.name if submission else None
    path = folder.path / STARTS
    same = [start for start in _starts(path) if start.get("submission") == name]
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    start = {"submission": name, "frame": frame, "job": _task(), "at": now}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(start) + "\n")
    last = same[-MOST_STARTS:]
    return len(last) < MOST_STARTS or any(start.get("frame") != frame for start in last)


def _starts(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of starts; those that a killed task left half-written are passed over."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return [start for start in found if isinstance(start, dict)]


def _newest_frame(folder: RunFolder) -> int:
    """The frame of the newest checkpoint; 0 if there is none."""
    return max(
        (int(path.stem) for path in folder.checkpoints.glob("*.safetensors") if path.stem.isdigit()),
        default=0,
    )


def _share_processors() -> None:
    """Without help torch takes all processors of the node that it sees."""
    if granted := os.environ.get("SLURM_CPUS_PER_TASK"):
        os.environ.setdefault("OMP_NUM_THREADS", granted)


def _say(code: int, message: str) -> int:
    print(message, file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
