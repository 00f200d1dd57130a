"""Requests to stop: Ctrl-C, and those to terminate."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Ends a run in an orderly way when it is asked to stop, and at once when it is asked again.

        with Interruption() as interruption:
            with interruption.patient():
                ...                           # looks at `interruption.requested` now and then

    Outside `patient`, and at the second request, `KeyboardInterrupt` is raised. In another thread than the main one nothing
    is changed, as signals do not reach it.

    Attributes:
        requested: whether somebody asked to stop.
    """

    def __init__(self) -> None:
        self.requested = False
        self._patient = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._asked) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def patient(self) -> Iterator[None]:
        """Whoever is within looks for requests, and ends what it does before it stops."""
        self._patient = True
        try:
            yield
        finally:
            self._patient = False

    def _asked(self, *_: object) -> None:
        if self.requested or not self._patient:
            raise KeyboardInterrupt
        self.requested = True
        # not print: a signal may come in the middle of another one
        os.write(2, b"\nStopping after a checkpoint; once more to stop at once.\n")
