"""What is told on the terminal while several runs are under way; on stderr, as the progress of one run is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.experiments.outcome import Outcome
    from allcore.experiments.run_folder import RunFolder

#: Seconds between two renewals of the line.
_INTERVAL = 1.0


class Progress:
    """One line for each run that has ended and, on a terminal, a line that tells of those that run.

    Args:
        quiet: tell nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live = not quiet and sys.stderr.isatty()
        self._next = time.monotonic() + _INTERVAL

    def ended(self, outcome: Outcome, done: int, total: int) -> None:
        """A run has ended."""
        if not self._quiet:
            self._erase()
            print(f"[{done}/{total}] {outcome.state}: {outcome.folder}", file=sys.stderr, flush=True)

    def running(self, folders: Sequence[RunFolder], done: int, total: int) -> None:
        """These runs are under way. Renews the line if it is time."""
        if not self._live or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL
        shares = [_share(folder.read_status()) for folder in folders]
        text = f"{done} of {total} done; {len(shares)} running: {', '.join(shares)}"
        print(f"\r\x1b[K{text[:100]}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the terminal's line empty."""
        self._erase()

    def _erase(self) -> None:
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _share(status: dict[str, Any]) -> str:
    return f"{status.get('frame', 0) / max(status.get('frames', 1), 1):.0%}"
