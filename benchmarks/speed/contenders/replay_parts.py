"""What the contenders of replay share: frames to store, and clocks."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

EPISODE = 200  # agent steps
BATCH = 32


def settings() -> dict[str, Any]:
    """What is to be measured: `transitions`, and `kind`, uniform or prioritised."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    return given


def frames(number: int) -> np.ndarray:
    """Frames `[number, 84, 84]` of bytes, of which none is like another."""
    return np.random.default_rng(0).integers(256, size=(number, 84, 84), dtype=np.uint8)


def resident_bytes() -> int:
    """The memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def median_us(
    call: Callable[[], object], between: Callable[[], object] = lambda: None, times: int = 300
) -> float:
    """Microseconds of a call, the median of some."""
    found = []
    for _ in range(times):
        between()
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return round(statistics.median(found) * 1e6, 1)


def measure(
    given: dict[str, Any],
    store: Callable[[int], object],
    sample: Callable[[], object],
    update: Callable[[], object] | None,
    *distributions: str,
) -> None:
    """Fill a buffer by `store(step)`, then print what its calls take and what the process has grown by.

    Four transitions are stored between two samples, as in DQN.
    """
    transitions = given["transitions"]
    step, before = 0, resident_bytes()
    while step < transitions + EPISODE:
        store(step)
        step += 1
    grown = resident_bytes() - before

    def one() -> None:
        nonlocal step
        store(step)
        step += 1

    def four() -> None:
        for _ in range(4):
            one()

    found: dict[str, Any] = {"bytes_per_transition": round(grown / transitions), "store_us": median_us(one)}
    found["sample_us"] = median_us(sample, four)
    if update is not None:
        found["update_us"] = median_us(update, sample)
    found["versions"] = {name: version(name) for name in (*distributions, "numpy")}
    print(json.dumps(found))
