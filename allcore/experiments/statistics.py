"""The four numbers by which a list of returns is summed up."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def summarise(values: Sequence[float]) -> dict[str, float]:
    """Mean, population standard deviation, maximum and minimum of `values`, which may not be empty.

    A return that is no finite number is a mistake of the environment, which the row must show and which must not end the
    run: the deviation is NaN then, and everything is where one of the values is.
    """
    if all(map(math.isfinite, values)):
        mean, std = statistics.fmean(values), statistics.pstdev(values)
    else:
        mean, std = sum(values) / len(values), math.nan
    unknown = any(map(math.isnan, values))  # which `max` and `min` would take or leave by its place
    return {
        "mean": mean,
        "std": std,
        "max": math.nan if unknown else max(values),
        "min": math.nan if unknown else min(values),
    }
