"""What became of a run that has ended, and what a failure leaves in its folder."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from allcore.checkpoint import save_state
from allcore.errors import AllError, CheckpointError, NonFiniteError
from allcore.experiments.outcome import Outcome
from allcore.experiments.run_folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from allcore.experiments.spec import RunSpec

#: Where a failed run's folder keeps the traceback.
ERROR_FILE = "error.txt"

#: And what was being learnt from when a loss was not finite any more.
BAD_BATCH_FILE = "bad-batch.safetensors"


def verdict(error: BaseException | None, frame: int, folder: RunFolder | None) -> tuple[str, str]:
    """The run's state and why.

    The traceback of a failure goes to a file in the run's folder, and so does a batch that brought it down; None if that is gone.
    """
    if error is None:
        return "finished", ""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", f"interrupted after {frame:,} frames"
    # What we raise says all by itself; of anything else the name says most.
    reason = str(error) if isinstance(error, AllError) else f"{type(error).__name__}: {error}"
    if isinstance(error, NonFiniteError):
        reason = f"{error.message} {_save_batch(error, frame, folder)}\n{error.hint}"
    return "failed", reason.replace("\n", " ") + (_keep_traceback(error, reason, folder) if folder else "")


def not_begun(spec: RunSpec, logdir: str | Path, error: Exception) -> Outcome:
    """The outcome of one run of several that could not even begin. What nobody expected shows its traceback: no folder keeps it."""
    if not isinstance(error, AllError):
        traceback.print_exception(error)
    env = spec.environment.rpartition(":")[2]  # as environments name themselves; there may be none to ask
    folder = RunFolder.of(logdir, spec.preset, env, spec.run_name)
    return Outcome(spec=spec, folder=folder.path, state="failed", message=verdict(error, 0, None)[1])


def _keep_traceback(error: BaseException, reason: str, folder: RunFolder) -> str:
    """Write the traceback to a file, and say where; nothing if it cannot be written."""
    file = folder.path / ERROR_FILE
    try:
        file.write_text(f"{''.join(traceback.format_exception(error))}\n{reason}\n", encoding="utf-8")
    except OSError:
        return ""
    return f" (see {file})"


def forget_failure(folder: RunFolder) -> None:
    """Remove what an earlier failure left: the run goes on, or begins again."""
    for name in (ERROR_FILE, BAD_BATCH_FILE):
        (folder.path / name).unlink(missing_ok=True)


def _save_batch(error: NonFiniteError, frame: int, folder: RunFolder | None) -> str:
    """Write what was being learnt from, and say where it lies."""
    if not error.batch or folder is None:
        return f"It was seen after {frame:,} frames."
    file = folder.path / BAD_BATCH_FILE
    try:
        save_state(file, {"error": error.message, "frame": frame, "batch": error.batch})
    except CheckpointError as problem:
        return (
            f"It was seen after {frame:,} frames; what was learnt from could not be saved: {problem.message}."
        )
    return f"It was seen after {frame:,} frames; what was learnt from lies in {file}."
