"""The picture of one preset in one environment: how each seed learnt, and what its final policy is worth."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from bars import Bar
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter
from results import SeedResult

#: A training curve is drawn as means over so many equal spans of frames; the files keep every episode.
_SPANS = 100


def plot_group(
    path: Path, results: list[SeedResult], iqm: float, interval: tuple[float, float], bar: Bar | None
) -> None:
    """Draw the seeds' learning curves and their final evaluations.

    Args:
        path: the PNG file to write.
        results: one for each seed.
        iqm: interquartile mean of the seeds' mean returns.
        interval: both ends of its 95 % interval.
        bar: what is asked for, if anything.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    colors = [mpl.colormaps["viridis"](place) for place in np.linspace(0.0, 0.85, len(results))]
    _draw_training(left, results, colors)
    _draw_evaluation(right, results, colors, iqm, interval)
    for axis in (left, right):
        if bar is not None:
            axis.axhline(bar.least, color="#D55E00", linestyle="--", linewidth=1, label=f"bar {bar.least:g}")
        axis.grid(color="#e5e5e5", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    right.legend(loc="best", fontsize=8)
    spec = results[0].spec
    figure.suptitle(f"{spec['preset']} in {spec['environment']}", fontsize=11, fontweight="bold")
    # Without the version of matplotlib in it, the same results give the same file.
    figure.savefig(path, dpi=120, metadata={"Software": None})


def smooth(frames: list[float], returns: list[float], total: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean return of the episodes that ended in each span of frames, at the middle of the span; empty spans are left out."""
    edges = np.linspace(0, total, _SPANS + 1)
    counts, _ = np.histogram(frames, edges)
    sums, _ = np.histogram(frames, edges, weights=returns)
    filled = counts > 0
    return ((edges[:-1] + edges[1:]) / 2)[filled], sums[filled] / counts[filled]


def _draw_training(axis: Axes, results: list[SeedResult], colors: list) -> None:
    for result, color in zip(results, colors, strict=True):
        frames, means = smooth(result.training["frame"], result.training["return"], result.spec["frames"])
        axis.plot(frames, means, color=color, linewidth=0.9)
    axis.set_title("training, exploring: one line per seed", fontsize=10, loc="left")
    axis.set_xlabel("agent steps")
    axis.set_ylabel("return")
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    axis.set_xlim(left=0, right=results[0].spec["frames"])


def _draw_evaluation(
    axis: Axes, results: list[SeedResult], colors: list, iqm: float, interval: tuple[float, float]
) -> None:
    for place, (result, color) in enumerate(zip(results, colors, strict=True)):
        returns = result.evaluation["return"]
        # Spread out sideways in order of start, so that equal returns do not hide each other.
        sideways = place + np.linspace(-0.3, 0.3, len(returns))
        axis.scatter(sideways, returns, color=color, s=6, alpha=0.5, linewidths=0)
        axis.scatter(
            place, result.mean_return, color=color, s=45, edgecolors="black", linewidths=0.8, zorder=3
        )
    axis.axhspan(*interval, color="#0072B2", alpha=0.15, linewidth=0, label="95 % interval of the IQM")
    axis.axhline(iqm, color="#0072B2", linewidth=1.2, label=f"IQM {iqm:.1f}")
    axis.set_xticks(range(len(results)), [str(result.seed) for result in results])
    axis.set_title("final greedy policy: episodes and mean", fontsize=10, loc="left")
    axis.set_xlabel("seed")
