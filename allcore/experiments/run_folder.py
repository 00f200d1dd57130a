"""The folder of one run: what it holds, who may write to it, and what it says about itself.

    runs/<preset>/<env>/<run>/
        run.json             what the run is: written once
        status.json          how far it is: rewritten every now and then
        returns100.csv, episodes.csv, evaluations.csv, events.*   the loggers' files
        checkpoints/         all that is needed to continue
        preset.safetensors   weights for inference
        lock                 held by the process that writes here; says which one

Nothing here imports torch, so that listing runs is quick.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from allcore.durable import flush
from allcore.errors import LogdirError
from allcore.experiments import folder_lock
from allcore.formats import migrated, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What Windows keeps for devices, whatever stands after the first dot.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")

#: The states that `status.json` may tell of.
STATES = ("running", "finished", "failed", "interrupted")

#: Seconds for which a new process waits for a folder: somebody who lists runs holds a lock for an instant.
_LOCK_PATIENCE = 0.5


def safe_name(name: str) -> str:
    """Make a name that every file system takes and no shell misreads: `ALE/Pong-v5` becomes `ALE-Pong-v5`.

    Different names may become the same one; a run's name tells runs apart.
    """
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip("-")[:99].rstrip("-.")
    if not safe or safe.startswith(".") or _RESERVED.fullmatch(safe):
        safe = f"_{safe}"
    return safe


def free_name(folder: Path) -> Path:
    """The folder itself if it does not exist, else the first of `<name>.2`, `<name>.3`, ... that does not."""
    candidate, number = folder, 2
    while candidate.exists():
        candidate = folder.with_name(f"{folder.name}.{number}")
        number += 1
    return candidate


class RunFolder:
    """The folder of one run. Reading needs nothing; whoever writes opens it first, which locks it.

        with RunFolder.of("runs", "atari.dqn", "Breakout", spec.run_name) as folder:
            folder.write_run({...})
            folder.write_status("running", frame=0, frames=1_000_000)

    Args:
        path: where the folder is or will be.

    Attributes:
        guarded: whether a second process would be refused, which not every file system can do; known once it is open.
        lost: whether it was removed or replaced while it was open; known once it is closed.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.guarded = True
        self.lost = False
        self._lock: int | None = None
        self._made: list[Path] = []  # the folders that `open` made, the outermost first

    @classmethod
    def of(cls, logdir: str | Path, preset: str, env: str, run: str, *, fresh: bool = False) -> RunFolder:
        """The folder of a run in a log folder; the names are made safe. A fresh one lies beside those that exist."""
        path = Path(logdir, safe_name(preset), safe_name(env), safe_name(run))
        return cls(free_name(path) if fresh else path)

    @property
    def run_file(self) -> Path:
        """Where it stands what the run is."""
        return self.path / "run.json"

    @property
    def status_file(self) -> Path:
        """Where it stands how far the run is."""
        return self.path / "status.json"

    @property
    def checkpoints(self) -> Path:
        """Where the checkpoints lie; made by whoever writes the first one."""
        return self.path / "checkpoints"

    @property
    def preset_file(self) -> Path:
        """Where the weights for inference lie."""
        return self.path / "preset.safetensors"

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    # Opening and closing

    def open(self) -> Self:
        """Make the folder if need be, and lock it for this process.

        The operating system takes the lock back when the process ends, however it ends.

        Raises:
            LogdirError: the folder cannot be written, or another process is writing it.
        """
        try:
            self._make_folders()
            self._lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            self._remove_made()
            reason = error.strerror or str(error)
            raise LogdirError(
                f"The run's folder {self.path} cannot be written: {reason}.",
                hint="Choose another log folder with --logdir.",
            ) from None
        taken = folder_lock.take(self._lock, _LOCK_PATIENCE)
        self.guarded = taken is not None
        # Whoever held it may have removed it: then what we have locked is a file that nobody else will find.
        if taken is False or not self._is_ours():
            self.close()
            owner = self.owner()
            raise LogdirError(
                f"Another process (pid {owner.pid if owner else 'unknown'}) is writing {self.path}.",
                hint="Wait for it, end it, or start another run of the same specification with --fresh.",
            )
        folder_lock.sign(self._lock)
        return self

    def owner(self) -> folder_lock.Owner | None:
        """The process that opened the folder last, here or elsewhere; None if that is not known."""
        return folder_lock.owner(self._lock_file)

    def check(self) -> None:
        """See whether the folder that was opened is still there. Asking costs microseconds.

        Raises:
            LogdirError: it was removed, or another one has taken its place: nothing may be written there any more.
        """
        if not self._is_ours():
            raise LogdirError(
                f"The run's folder {self.path} was removed or replaced while the run was writing it.",
                hint="The same command begins the run anew.",
            )

    def _is_ours(self) -> bool:
        """Whether this object opened the folder, and others still find the lock that it holds."""
        try:
            return self._lock is not None and os.path.samestat(os.fstat(self._lock), self._lock_file.stat())
        except OSError:
            return False

    def close(self) -> None:
        """Give the lock back. Calling it twice does no harm."""
        if self._lock is not None:
            self.lost = not self._is_ours()
            os.close(self._lock)
            self._lock = None

    def discard(self) -> None:
        """Give the lock back and remove what `open` made, because the run could not even begin.

        A folder that was there before stays, and so does one in which anything but `run.json`, `status.json` and the
        lock lies.
        """
        ours = self._is_ours()
        if os.name == "nt":
            self.close()  # an open file cannot be removed there
        # Elsewhere the lock goes last, so that nobody who waits for it begins in a folder that is being removed.
        if ours and self.path in self._made and set(os.listdir(self.path)) <= _OUR_FILES:
            self._remove_made()
        self.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_folders(self) -> None:
        missing = [self.path]
        while not missing[-1].parent.exists():
            missing.append(missing[-1].parent)
        for folder in reversed(missing):
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                self._made.append(folder)
        if not self.path.is_dir():
            raise NotADirectoryError(0, "there is a file of that name")

    def _remove_made(self) -> None:
        if self.path in self._made:
            for name in _OUR_FILES:
                (self.path / name).unlink(missing_ok=True)
        while self._made:
            with contextlib.suppress(OSError):  # somebody else's run lies in it by now
                self._made.pop().rmdir()

    # What the run is and how far it is

    def write_run(self, record: Mapping[str, Any], *, durable: bool = True) -> None:
        """Write `run.json`.

        Args:
            record: `preset` and `env` (names), `seed`, `frames` (agent steps), `frame_skip` (emulator frames per agent
                step), `spec` (all of the specification), `hyperparameters` (every one, with its value), `device`,
                and what `process_record` gives.
            durable: wait until it is on the disk; a thousand runs that are only submitted need not.

        Raises:
            LogdirError: it cannot be written.
        """
        try:
            _write_json(self.run_file, record, durable=durable)
        except OSError as error:
            raise LogdirError(f"{self.run_file} cannot be written: {error.strerror or error}.") from None

    def write_status(self, state: str, *, frame: int, frames: float, **more: Any) -> bool:
        """Rewrite `status.json`, and say whether that went well. If not, it stays as it was: that does not end a run.

        Args:
            state: one of `STATES`.
            frame: agent steps so far.
            frames: agent steps of the whole run.
            more: `episodes`, `fps` (agent steps per second), `seconds_left`, `error`: whatever is known.
        """
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        status = {"state": state, "frame": frame, "frames": frames, **more}
        status |= {"updated": now, "pid": os.getpid(), "host": socket.gethostname()}
        try:
            _write_json(self.status_file, status, durable=state != "running")
        except OSError:
            return False
        return True

    def read_run(self) -> dict[str, Any]:
        """What `run.json` says; empty if there is none or it cannot be read.

        Raises:
            LogdirError: it was written by a later version of allcore.
        """
        record = _read_json(self.run_file)
        version = record.get("schema", 1)  # the first ones did not say it
        return record and migrated("run", version, record, source=self.run_file, error=LogdirError)

    def read_status(self) -> dict[str, Any]:
        """What `status.json` says; empty if there is none or it cannot be read."""
        return _read_json(self.status_file)

    def is_locked(self) -> bool | None:
        """Whether a process is writing the folder; None where that cannot be told."""
        if self._lock is not None:
            return True
        try:
            descriptor = os.open(self._lock_file, os.O_RDONLY)
        except FileNotFoundError:
            return False
        except OSError:
            return None
        try:
            taken = folder_lock.take(descriptor, 0.0, shared=True)
            return None if taken is None else not taken
        finally:
            os.close(descriptor)


_OUR_FILES = {"run.json", "status.json", "lock"}


def _write_json(path: Path, record: Mapping[str, Any], *, durable: bool) -> None:
    """Write a file all at once; a durable one is on the disk before it takes the old one's place."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(record, file, indent=2)
            file.write("\n")
        if durable:
            flush(temporary)
        os.replace(temporary, path)
        if durable:
            flush(path.parent)  # the new name is safe only when its folder is on disk, too
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _read_json(path: Path) -> dict[str, Any]:
    try:
        record = read_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
