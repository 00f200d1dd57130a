"""Which runs processes of this machine are at, and how to stop them."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

from allcore.errors import UsageError
from allcore.executors.executor import Standing
from allcore.experiments.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_STATES = {True: "running", False: "gone", None: "unknown"}


def standings(folders: Iterable[Path]) -> dict[Path, Standing]:
    """Whether a process is at each run, which the lock on its folder tells."""
    return {folder: Standing(_STATES[RunFolder(folder).is_locked()]) for folder in folders}


def stop(folders: Iterable[Path]) -> None:
    """Ask the processes of this machine that are at these runs to stop after a checkpoint.

    Raises:
        UsageError: one of them is another user's.
    """
    for folder in map(RunFolder, folders):
        owner = folder.owner()
        if not folder.is_locked() or owner is None or owner.host != socket.gethostname():
            continue
        try:
            os.kill(owner.pid, signal.SIGTERM)
        except ProcessLookupError:
            continue  # it has ended in the meantime
        except PermissionError:
            raise UsageError(f"Process {owner.pid}, which writes {folder.path}, is another user's.") from None
