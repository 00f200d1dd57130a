"""A tree of sums, by which leaves are drawn in proportion to their priorities.

Source: Schaul et al., 2016, "Prioritized experience replay", appendix B.2.1.
"""

from __future__ import annotations

import numpy as np


class SumTree:
    """Priorities of M leaves, and over them the sums of pairs up to the total; whole batches are set and found at once.

    Setting and finding N leaves takes a few array operations per level, so the time grows with log2(M). Every sum is
    computed from its two parts, never by differences, so that errors of rounding do not build up, and a tree that is filled
    anew from its leaves equals the old one bit for bit.

    Letters: M leaves, N batch.

    Args:
        num_leaves: M, at least 1.
    """

    def __init__(self, num_leaves: int) -> None:
        self._levels = (num_leaves - 1).bit_length()
        self._first_leaf = 1 << self._levels
        # Node i has the children 2i and 2i + 1; the root is node 1, and the last level holds the leaves.
        self._sums = np.zeros(2 * self._first_leaf)
        self.priorities = self._sums[self._first_leaf : self._first_leaf + num_leaves]  # [M], to be read only

    @property
    def total(self) -> float:
        """The sum of all priorities."""
        return float(self._sums[1])

    @property
    def num_bytes(self) -> int:
        """Bytes of all sums."""
        return self._sums.nbytes

    def set(self, leaves: np.ndarray, priorities: np.ndarray | float) -> None:
        """Give `leaves` `[N]` (numbers below M) their priorities `[N]`, at least 0; of a leaf named twice the last counts."""
        nodes = leaves + self._first_leaf
        self._sums[nodes] = priorities
        for _ in range(self._levels):
            nodes = nodes >> 1
            self._sums[nodes] = self._sums[2 * nodes] + self._sums[2 * nodes + 1]

    def find(self, points: np.ndarray) -> np.ndarray:
        """The leaves `[N]` in whose stretch of [0, total) the points `[N]` lie, the leaves put one after the other.

        A point that rounding has moved out of its stretch, or onto the total, never leads to a leaf of priority 0. Some
        priority has to be above 0.
        """
        nodes = np.ones(len(points), dtype=np.int64)
        for _ in range(self._levels):
            nodes = 2 * nodes
            left = self._sums[nodes]
            # Not into an empty half, whatever the point says. The left one is empty where a point of 0 is not below it.
            right = (points >= left) & (self._sums[nodes + 1] > 0)
            points = np.where(right, points - left, points)
            nodes += right
        return nodes - self._first_leaf
