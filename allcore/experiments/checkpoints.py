"""The checkpoints of one run: all that is needed to go on as if nothing had happened."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allcore.checkpoint import load_state, remove_half_written, save_state
from allcore.errors import CheckpointError
from allcore.experiments.row_files import RowFiles
from allcore.formats import UPGRADE

if TYPE_CHECKING:
    from collections.abc import Callable

#: How many are kept: should the newest be damaged, the one before it is there.
KEPT = 2

#: At most this share of a training's time goes into writing checkpoints, whatever the interval says.
LARGEST_SHARE = 0.02


class Checkpoints:
    """The files `checkpoints/<frame>.safetensors` of a run's folder, and the replay's rows beside them.

    Args:
        folder: where they lie; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = RowFiles(folder, KEPT)

    def files(self) -> list[Path]:
        """Those that there are, the newest first.

        Raises:
            OSError: the folder is there and cannot be read, which must not look as if it were empty.
        """
        try:
            paths = [self.folder / name for name in os.listdir(self.folder)]
        except FileNotFoundError:
            return []
        found = [path for path in paths if path.suffix == ".safetensors" and path.stem.isdigit()]
        return sorted(found, key=lambda path: int(path.stem), reverse=True)

    def save(self, frame: int, state: Any) -> Path:
        """Write a checkpoint, then remove what is older than the one before it.

        Args:
            frame: agent steps so far.
            state: what `save_state` can write.

        Raises:
            CheckpointError: it cannot be written; those that there were are still there.
        """
        path = self.folder / f"{frame:012}.safetensors"
        save_state(path, self._rows.take_out(frame, state))
        self._rows.saved()
        for old in self.files()[KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def load(self) -> tuple[Any, list[str]]:
        """The newest state that can be read, or None if there is no checkpoint; and what is wrong with those that are newer.

        Raises:
            CheckpointError: there are checkpoints, and none can be read; or the machine cannot read one that may be whole; or a
                later version of allcore wrote it.
        """
        problems: list[str] = []
        try:
            files = self.files()
        except OSError as error:
            raise acquitted(self.folder, error) from error
        for path in files:
            try:
                return self._rows.put_back(load_state(path)), problems
            except Exception as error:  # what is written in it may make any sense, or none
                acquit(path, error)
                if isinstance(error, CheckpointError) and error.hint == UPGRADE:
                    raise  # it is as good as ever, and the one before it would be the way back
                problems.append(error.message if isinstance(error, CheckpointError) else f"{path}: {error!r}")
        if problems:
            raise CheckpointError(
                f"No checkpoint in {self.folder} can be read: {'; '.join(problems)}. Remove that folder, and the run begins anew."
            )
        return None, problems

    def loaded(self, frame: int) -> None:
        """A run goes on from this frame: later files, which cannot be read, and what a killed process left half-written go."""
        for path in self.files():
            if int(path.stem) > frame:
                path.rename(path.with_suffix(".damaged"))
        remove_half_written(self.folder)

    def clear(self) -> None:
        """Remove all of them, as far as that is possible: they are in nobody's way."""
        with contextlib.suppress(OSError):
            for path in (*self.files(), *self.folder.glob("*.damaged")):
                path.unlink(missing_ok=True)
            remove_half_written(self.folder)
            self._rows.clear()


def acquit(path: Path, error: BaseException) -> None:
    """Raise if memory, a disk or a device failed while a checkpoint was read: nobody should remove it, or pass it over, for that.

    Args:
        path: what was read.
        error: what came of it.

    Raises:
        CheckpointError: that was it.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (OSError, MemoryError)) or any(sign in str(cause) for sign in _OF_THE_MACHINE):
            raise acquitted(path, cause) from error
        cause = cause.__cause__


def acquitted(path: Path, cause: BaseException) -> CheckpointError:
    """The error for a checkpoint, or all of them, that the machine did not read."""
    reason = " ".join(str(cause).split())
    return CheckpointError(
        f"{path} could not be read here ({type(cause).__name__}: {reason}). Nothing says that it is damaged: the same command "
        "tries again."
    )


#: What torch says in a RuntimeError when memory or a device fails.
_OF_THE_MACHINE = ("allocate memory", "out of memory", "CUDA error")


class Due:
    """When the next checkpoint is to be written.

    Args:
        seconds: the time from one to the next; longer where writing takes long, see `LARGEST_SHARE`; 0 counts none.
        frames: the agent steps from one to the next; 0 counts none.
        frame: agent steps so far.
        clock: seconds that only go forward.
    """

    def __init__(
        self, seconds: float, frames: int = 0, *, frame: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._frames, self._clock = seconds or float("inf"), frames, clock
        self._written_at = clock()
        self._at_time = self._written_at + self._seconds
        self._at_frame = self._next_frame(frame)

    def now(self, frame: int) -> bool:
        """Whether it is time."""
        return frame >= self._at_frame or self._clock() >= self._at_time

    def soon(self, frame: int) -> bool:
        """Whether it might as well be now, as something that takes long comes next: a tenth of the time has gone by."""
        return self._clock() >= self._written_at + self._seconds / 10

    def written(self, frame: int, took: float) -> None:
        """One was written, which took so many seconds."""
        self._written_at = self._clock()
        self._at_time = self._written_at + max(self._seconds, took / LARGEST_SHARE)
        self._at_frame = self._next_frame(frame)

    def _next_frame(self, frame: int) -> float:
        return frame - frame % self._frames + self._frames if self._frames else float("inf")
