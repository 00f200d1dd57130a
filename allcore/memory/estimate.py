"""How much memory a replay buffer needs, and whether this machine has it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from allcore.core import State
from allcore.errors import UsageError
from allcore.memory.column import Field, field_of_value, fields_of

# Beside the fields, a row notes per environment the number of older frames, whether a transition starts there, and
# whether one of several steps may reach beyond.
_NOTES = 3
# Prioritised replay keeps 16 bytes of sums, for a number of places that is rounded up to a power of two.
PRIORITY_BYTES = 32


def memory_bytes(capacity: int, state: State, action: Any, *, prioritized: bool = False) -> int:
    """Bytes of a buffer for `capacity` transitions like the given ones.

    Args:
        capacity: transitions over all environments.
        state: a state as the agent hands it to the buffer (a StateArray if there are several environments).
        action: the action taken in it.
        prioritized: whether it is a prioritised buffer; its priorities are counted with the most that they may take.

    Raises:
        UsageError: something in the state cannot be stored.
    """
    fields = [*fields_of(state), field_of_value("action", action, len(state.shape))]
    num_envs = state.shape[0] if state.shape else 1
    rows = num_rows(capacity, num_envs, fields)
    return rows * num_envs * (bytes_per_row(fields) + (PRIORITY_BYTES if prioritized else 0))


def num_rows(capacity: int, num_envs: int, fields: Iterable[Field]) -> int:
    """Rows for `capacity` transitions: one row each, the newest state, and the older frames of the oldest stack."""
    return capacity // num_envs + max(field.stack_size for field in fields)


def bytes_per_row(fields: Iterable[Field]) -> int:
    """Bytes of one row for one environment, what is noted about the row included."""
    return sum(field.num_bytes for field in fields) + _NOTES


def check_memory(capacity: int, needed: int, available: int | None, device: torch.device) -> None:
    """Refuse a storage that does not fit, before hours have gone by.

    Args:
        capacity: transitions over all environments.
        needed: bytes for them.
        available: bytes that are free, or None where that is not known.
        device: where they should lie.

    Raises:
        UsageError: it does not fit.
    """
    if available is None or needed <= available:
        return
    fitting = int(capacity * 0.9 * available / needed)
    raise UsageError(
        f"a replay buffer of {capacity:,} transitions needs {needed / 1e9:.2f} GB on {device}, "
        f"where {available / 1e9:.2f} GB are free",
        hint=f"a capacity of {fitting:,} fits (and leaves a tenth of what is free to the rest of the program)",
    )


def available_bytes(device: torch.device) -> int | None:
    """Bytes that can still be used on `device`, or None where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    known = [free for free in (_free_in_machine(), _free_in_control_group()) if free is not None]
    return min(known, default=None)


def _free_in_machine() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:  # systems without /proc: all there is, an upper bound
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _free_in_control_group(
    root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> int | None:
    """What containers and job schedulers leave to this process: the least over its control group and the ones above."""
    try:
        lines = own.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    free: list[int] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, limit_file, usage_file = root, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            base, limit_file, usage_file = root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        group = base / path.strip("/")
        for folder in (group, *group.parents):
            if folder == base.parent:
                break
            limit, usage = _number(folder / limit_file), _number(folder / usage_file)
            if limit is not None and usage is not None:
                free.append(max(limit - usage + _cache(folder), 0))
    return min(free, default=None)


def _cache(group: Path) -> int:
    """Bytes of files that the kernel keeps in memory only while nobody needs the room."""
    try:
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" is no number: no limit
        return None
