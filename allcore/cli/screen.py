"""Whether there is a screen to open a window on."""

from __future__ import annotations

import os
import sys


def has_screen() -> bool:
    """Say whether a window could be opened. On Linux the environment tells; elsewhere there always is a screen."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
