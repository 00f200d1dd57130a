"""Whether runs can be written where the user wants them."""

from __future__ import annotations

import os
from pathlib import Path

from allcore.errors import LogdirError


def check_writable(logdir: Path) -> None:
    """Find out before anything is imported. Nothing is made: a dry run, or a mistake, shall leave nothing behind."""
    existing = next(folder for folder in [logdir, *logdir.absolute().parents] if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        reason = "may not be written" if existing.is_dir() else "is no folder"
        raise LogdirError(
            f"The log folder {logdir} cannot be used: {existing} {reason}.",
            hint="Name another one with --logdir.",
        )
