"""What became of a run that has ended, and what a failure leaves in its folder."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING

from allcore.checkpoint import save_state
from allcore.errors import CheckpointError, NonFiniteError

if TYPE_CHECKING:
    from allcore.experiments.run_folder import RunFolder

#: Where a failed run's folder keeps the traceback.
ERROR_FILE = "error.txt"

#: And what was being learnt from when a loss was not finite any more.
BAD_BATCH_FILE = "bad-batch.safetensors"


def verdict(error: BaseException | None, frame: int, folder: RunFolder) -> tuple[str, str]:
    """The run's state and why; the traceback of a failure goes to a file, and so does a batch that brought it down."""
    if error is None:
        return "finished", ""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", f"interrupted after {frame:,} frames"
    reason = str(error)
    if isinstance(error, NonFiniteError):
        reason = f"{error.message} {_save_batch(error, frame, folder)}\n{error.hint}"
    reason = f"{type(error).__name__}: {reason}"
    with contextlib.suppress(OSError):
        text = f"{''.join(traceback.format_exception(error))}\n{reason}\n"
        (folder.path / ERROR_FILE).write_text(text, encoding="utf-8")
    return "failed", f"{reason} (see {folder.path / ERROR_FILE})"


def forget_failure(folder: RunFolder) -> None:
    """Remove what an earlier failure left: the run goes on, or begins again."""
    for name in (ERROR_FILE, BAD_BATCH_FILE):
        (folder.path / name).unlink(missing_ok=True)


def _save_batch(error: NonFiniteError, frame: int, folder: RunFolder) -> str:
    """Write what was being learnt from, and say where it lies."""
    if not error.batch:
        return f"It was seen after {frame:,} frames."
    file = folder.path / BAD_BATCH_FILE
    try:
        save_state(file, {"error": error.message, "frame": frame, "batch": error.batch})
    except CheckpointError as problem:
        return (
            f"It was seen after {frame:,} frames; what was learnt from could not be saved: {problem.message}."
        )
    return f"It was seen after {frame:,} frames; what was learnt from lies in {file}."
