"""Ctrl-C ends a run even where something on the way swallows it."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from allcore.experiments.interruption import check_interruption, interruptible
from allcore.experiments.training_log import TrainingLog
from allcore.logging import DummyLogger


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_was_swallowed_is_raised_again(number: signal.Signals) -> None:
    log = TrainingLog(DummyLogger(), 100)
    with interruptible():
        log.tick()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        time.sleep(0.11)  # the loop looks when it reports progress
        with pytest.raises(KeyboardInterrupt):
            log.tick()
    check_interruption()  # the next run knows nothing of it


def test_handlers_are_put_back() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with interruptible():
        assert all(signal.getsignal(number) is not handler for number, handler in before.items())
    assert {number: signal.getsignal(number) for number in before} == before


def test_who_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGINT)
            check_interruption()
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_leave_signals_alone() -> None:
    seen: list[object] = []

    def run() -> None:
        with interruptible():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
