"""Requests to stop: Ctrl-C, and those to terminate."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Ends a run in an orderly way when it is asked to stop, and at once when it is asked again.

        with Interruption() as interruption:
            with interruption.patient():
                ...                           # looks at `interruption.requested` now and then

    It may be entered again while it is in force. Outside `patient`, and at the second request, `KeyboardInterrupt` is raised. In another thread than the main one nothing
    is changed, as signals do not reach it.

    Args:
        signals: what counts as a request.
        insistent: whether a second request hurries. A cluster may send several signals at once, and means the first.

    Attributes:
        requested: whether somebody asked to stop.
        received: the signals that did.
    """

    def __init__(self, signals: Sequence[signal.Signals] = _SIGNALS, *, insistent: bool = True) -> None:
        self.requested = False
        self.received: list[int] = []
        self._signals = signals
        self._insistent = insistent
        self._patient = False
        self._depth = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        if self._depth == 0 and threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._asked) for number in self._signals}
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
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

    def _asked(self, number: int, _: object) -> None:
        again = bool(self.received)
        self.received.append(number)
        if again and not self._insistent:
            return
        if self.requested or not self._patient:
            raise KeyboardInterrupt
        self.requested = True
        # not print: a signal may come in the middle of another one
        more = b"; once more to stop at once" if self._insistent else b""
        os.write(2, b"\nStopping after a checkpoint" + more + b".\n")
