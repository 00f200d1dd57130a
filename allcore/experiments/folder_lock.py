"""The lock on a run's folder: a file that one process holds. The operating system takes it back when the process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

fcntl: Any
try:
    import fcntl
except ImportError:  # not a POSIX system: two processes on one folder are not noticed there
    fcntl = None

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """Who wrote the lock: the last process that took it.

    Attributes:
        pid: its number.
        host: its machine's name.
    """

    pid: int
    host: str


def take(descriptor: int, patience: float, *, shared: bool = False) -> bool | None:
    """Lock an open file.

    Args:
        descriptor: the file's.
        patience: seconds for which to wait for another process.
        shared: only to see whether one holds it.

    Returns:
        False if another process holds it; None where there are no locks, as on some network file systems.
    """
    if fcntl is None:
        return None
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        except OSError:
            return None
        else:
            return True


def sign(descriptor: int) -> None:
    """Write into the lock that this process took who holds it. On a full disk nobody is told."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {socket.gethostname()}\n".encode())


def owner(path: Path) -> Owner | None:
    """Who wrote the lock; None if nobody did, or if it makes no sense."""
    try:
        written = re.fullmatch(r"([1-9][0-9]{0,8}) (\S+)\n", path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Owner(int(written[1]), written[2]) if written else None
