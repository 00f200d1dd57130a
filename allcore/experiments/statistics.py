"""The four numbers by which a list of returns is summed up."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def summarise(values: Sequence[float]) -> dict[str, float]:
    """Mean, population standard deviation, maximum and minimum of `values`, which may not be empty."""
    return {
        "mean": statistics.fmean(values),
        "std": statistics.pstdev(values),
        "max": max(values),
        "min": min(values),
    }
