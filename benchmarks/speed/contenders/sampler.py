"""Where the time of a run of ours goes: what its main thread is doing, looked at up to a thousand times a second."""

from __future__ import annotations

import signal
import time
from collections import Counter
from types import FrameType

INTERVAL = 0.001  # seconds
PARTS = ("environment", "inference", "learning", "memory", "bookkeeping", "framework")
_SIMULATORS = (
    "environment",
    "/all_mujoco/vector.py",
    "/all_mujoco/simulations.py",
    "/all_atari/emulators.py",
)
_BOOKKEEPING = (
    "/allcore/logging/",
    "/allcore/experiments/training_log.py",
    "/allcore/experiments/status_logger.py",
    "/allcore/experiments/checkpoints.py",
    "/allcore/experiments/continuation.py",
    "/allcore/experiments/interruption.py",
)


class Sampler:
    """Counts how much time goes by while the main thread is in each part of a run.

    A signal is handled between two instructions of Python, hence just after the call of torch or of a simulator that it fell into, with
    the frame of the caller still there; it is handled once, however long that call was. So each look counts the time since the one
    before. What a GPU does is counted where somebody waits for it.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()  # nanoseconds
        self._last = 0

    def start(self) -> None:
        """Begin to look."""
        self._last = time.perf_counter_ns()
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)

    def stop(self) -> dict[str, float]:
        """Look no more; the share of each part."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        return {part: self._seen[part] / self._seen.total() for part in PARTS}

    def _look(self, _: int, frame: FrameType | None) -> None:
        found = set()
        while frame is not None:
            found.add(part_of(frame.f_code.co_filename, frame.f_code.co_name))
            frame = frame.f_back
        # what an agent learns from its memory is learning, and what it logs is bookkeeping
        order = ("environment", "bookkeeping", "learning", "memory", "inference", "framework")
        now = time.perf_counter_ns()
        self._seen[next(part for part in order if part in found)] += now - self._last
        self._last = now


def part_of(file: str, function: str) -> str:
    """The part of a run to which a function belongs by itself, whoever called it."""
    if any(name in file for name in _SIMULATORS) and function in ("step", "reset"):
        return "environment"
    if any(name in file for name in _BOOKKEEPING):
        return "bookkeeping"
    if "/all_agents/agents/" in file and function == "_train":
        return "learning"
    if "/all_agents/agents/" in file and function == "act":
        return "inference"
    if "/allcore/memory/" in file:
        return "memory"
    return "framework"
