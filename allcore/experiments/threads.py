"""How many threads torch computes with: a fixed rule, since another count changes the last bits of a result."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Networks below this many parameters get one thread: a second one saves fractions of a millisecond per update, and runs of
#: small networks usually come in numbers that share the cores. docs/decisions/2026-11-22-threads.md has the figures.
SMALL_NETWORK = 100_000

#: Never more than this, so that a run does not take a whole cluster node; what more would give has not been measured.
MOST_THREADS = 4


def choose_threads(model: nn.Module) -> int:
    """The number of threads for networks of this size on this machine.

    Args:
        model: all networks of a run together.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if parameters < SMALL_NETWORK:
        return 1
    return min(MOST_THREADS, available_cores(), _wished() or MOST_THREADS)


def simulator_threads() -> int:
    """The threads that simulators may have: a processor each, unless the user allows fewer. Their number changes no result."""
    return min(available_cores(), _wished() or available_cores())


@contextlib.contextmanager
def computing(threads: int) -> Iterator[None]:
    """Compute with this many threads, and with as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _wished() -> int | None:
    """What the user allows, if they say so: several runs that share a machine must not each take all of it."""
    wish = os.environ.get("OMP_NUM_THREADS", "")
    return int(wish) if wish.isdigit() and int(wish) > 0 else None


def available_cores() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
