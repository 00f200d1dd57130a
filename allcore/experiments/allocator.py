"""Memory that one update gives back is kept for the next, instead of being returned to the system in between."""

from __future__ import annotations

import ctypes

#: Larger pieces than this still come from the system one by one, such as the columns of a replay buffer. It is the
#: most that glibc takes.
MMAP_THRESHOLD = 32 * 2**20

#: Bytes that may lie free at the end of the heap.
TRIM_THRESHOLD = 256 * 2**20

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def keep_memory() -> bool:
    """Tell the C library to keep freed memory, for the rest of this process; whether it has such a setting.

    The activations of an update lie at the end of the heap. By default glibc gives them back after each update, and the
    system clears the same pages for the next: 2,000 page faults and 10 to 20 % of the time of an update of Breakout's DQN.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD) and mallopt(_M_TRIM_THRESHOLD, TRIM_THRESHOLD))
