"""The interquartile mean over seeds and how sure it is.

Source: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", sections 4.1 and 4.3.
Letters: N seeds, R resamples.
"""

from __future__ import annotations

import numpy as np

#: Resamples of a bootstrap interval. The interval of the same results is the same each time: the generator is fixed.
RESAMPLES = 10_000
_BOOTSTRAP_SEED = 0


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """The mean of the middle half of the values.

    Where a quarter of N is not a whole number, the values at both edges count in part: of ten values the third and the
    eighth count by half, so that five values' worth remains.

    Args:
        values: [..., N].

    Returns:
        [...].

    Raises:
        ValueError: there are no values.
    """
    number = np.shape(values)[-1]
    if number == 0:
        raise ValueError("no values have no interquartile mean")
    places = np.arange(number)
    # The value at place i of the sorted ones fills the interval [i, i + 1]; what lies in [N / 4, 3 N / 4] counts.
    weights = np.minimum(places + 1, 0.75 * number) - np.maximum(places, 0.25 * number)
    weights = np.clip(weights, 0.0, None)
    return np.sort(values, axis=-1) @ weights / weights.sum()


def bootstrap_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """The percentile bootstrap interval of the interquartile mean.

    Args:
        values: [N], one for each seed; the seeds are what is drawn again, with replacement.
        confidence: the share of the resampled means that lies inside.

    Returns:
        The lower and the upper end.
    """
    values = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(_BOOTSTRAP_SEED)
    drawn = generator.integers(len(values), size=(RESAMPLES, len(values)))
    means = interquartile_mean(values[drawn])  # [R]
    outside = (1.0 - confidence) / 2
    low, high = np.quantile(means, [outside, 1.0 - outside])
    return float(low), float(high)
