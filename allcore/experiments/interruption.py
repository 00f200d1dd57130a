"""Ctrl-C, and a request to terminate, which is treated like it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class _Request:
    """Whether the run under way was asked to end."""

    made = False


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C and a request to terminate end the run cleanly.

    Both raise KeyboardInterrupt where the program stands. Should that be a place that swallows it (a library's bare `except`, a
    finalizer), `check_interruption` raises it again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Request.made = False
    numbers = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as for a job in the background of a shell
        numbers.append(signal.SIGINT)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        _Request.made = False
        for number, handler in before.items():
            signal.signal(number, handler)


def check_interruption() -> None:
    """Raise KeyboardInterrupt if the run was asked to end and goes on all the same."""
    if _Request.made:
        raise KeyboardInterrupt


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    _Request.made = True
    raise KeyboardInterrupt
