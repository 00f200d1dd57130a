"""Learning curves of a whole log folder."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from allcore.errors import LogdirError, UsageError
from allcore.experiments.runs import Run, find_runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

#: Frames and mean returns of one run.
Curve = tuple[np.ndarray, np.ndarray]

#: Line colours that colour-blind people tell apart (Okabe and Ito 2008), without the yellow that white swallows.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")

#: Points at which the mean over seeds is taken.
_GRID = 400


def plot_returns_100(runs_dir: str | Path, timesteps: float = -1, *, out: str | Path | None = None) -> Figure:
    """Plot the training returns of all runs in a folder: one panel per environment, one colour per preset.

    A point is the mean of 100 episodes' returns, as `returns100.csv` has it. The thick line is the mean over seeds,
    the band reaches from the lowest to the highest seed; both stop where the first seed stops. Each seed's own
    curve is drawn thinly beneath. Runs of one preset with different hyperparameters are not averaged, and of several
    runs with the same seed the longest one counts.

    Args:
        runs_dir: a log folder, or any folder in it.
        timesteps: where the horizontal axis ends, in agent steps; -1 for the end of the longest run.
        out: the file to write (`.png`, `.pdf`, `.svg`); if None, a window is shown.

    Returns:
        The figure, to be changed further.

    Raises:
        LogdirError: there is no such folder, nothing to plot in it, or `out` cannot be written.
        UsageError: there is no screen to show a window on, or nobody knows how to write a file like `out`.
    """
    panels = _read_panels(runs_dir)
    columns = len(panels) if len(panels) <= 3 else min(4, math.ceil(math.sqrt(len(panels))))
    rows = math.ceil(len(panels) / columns)
    figure = _new_figure((max(6.4, 4.2 * columns), 3.2 * rows + 0.9), in_window=out is None)
    axes = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    styles = _styles(panels)
    labels: dict[str, Line2D] = {}
    for index, (env, groups) in enumerate(panels.items()):
        axis = axes[index]
        for label, runs in groups.items():
            line = _draw_group(axis, [_read_curve(run) for run in runs], styles[label])
            labels.setdefault(label, line)
        _finish_panel(axis, env, [run for runs in groups.values() for run in runs], timesteps)
        if index % columns == 0:
            axis.set_ylabel("mean return of 100 episodes", fontsize=9)
    for axis in axes[len(panels) :]:
        axis.remove()
    _add_legend(figure, labels, panels)
    _show_or_save(figure, out)
    return figure


# Reading


def _read_panels(runs_dir: str | Path) -> dict[str, dict[str, list[Run]]]:
    """The runs that have something to plot, by environment and then by label."""
    found = find_runs(runs_dir)
    runs = [run for run in found if run.returns100 is not None]
    if not runs:
        reason = (
            f"none of its {len(found)} runs has finished an episode" if found else "there is no run in it"
        )
        raise LogdirError(
            f"Nothing to plot in {runs_dir}: {reason}.", hint="Runs appear with their first 100 episodes."
        )
    longest = {(run.env, _label(run), run.seed): run for run in sorted(runs, key=lambda run: run.frame)}
    panels: dict[str, dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for (env, label, _), run in longest.items():
        panels[env][label].append(run)
    return dict(sorted(panels.items()))


def _label(run: Run) -> str:
    overrides = (f"{name}={_short(value)}" for name, value in sorted(run.overrides.items()))
    return " ".join([run.preset, *overrides])


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read_curve(run: Run) -> Curve:
    path = run.path / "returns100.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["mean"]]
        curve = np.array([[float(row["frame"]), float(row["mean"])] for row in rows]).reshape(-1, 2)
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise LogdirError(
            f"{path} is damaged: {error!r}.", hint="Remove the lines that are no rows."
        ) from None
    if not (len(curve) and np.isfinite(curve[:, 0]).all()):
        raise LogdirError(f"{path} is damaged: not every row has a frame.", hint="Remove the others.")
    return curve[:, 0], curve[:, 1]


# Drawing


def _new_figure(size: tuple[float, float], *, in_window: bool) -> Figure:
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)  # inches
    if not in_window:
        # Without pyplot nothing depends on a screen, and nothing is left behind in global state.
        from matplotlib.figure import Figure

        return Figure(figsize=size, layout=layout)
    import matplotlib
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=size, layout=layout)
    if matplotlib.get_backend().lower() in {"agg", "pdf", "svg", "ps", "cairo", "template"}:
        pyplot.close(figure)
        raise UsageError(
            "There is no screen to show the plot on.", hint="Name a file to write: --out returns.png"
        )
    return figure


def _styles(panels: dict[str, dict[str, list[Run]]]) -> dict[str, dict[str, Any]]:
    """Colour and line style for each label, the same in every panel."""
    labels = sorted({label for groups in panels.values() for label in groups})
    pairs = [(color, linestyle) for linestyle in ("-", "--", ":") for color in _COLORS]
    styles = [{"color": color, "linestyle": linestyle} for color, linestyle in pairs]
    return {label: styles[index % len(styles)] for index, label in enumerate(labels)}


def _draw_group(axis: Axes, curves: list[Curve], style: dict[str, Any]) -> Line2D:
    """Draw the seeds of one preset; returns the line that stands for them in the legend."""
    grid, middle, low, high = _mean_over_seeds(curves)
    if len(curves) > 1:
        for frames, returns in curves:
            axis.plot(frames, returns, **style, linewidth=0.7, alpha=0.35)
        axis.fill_between(grid, low, high, color=style["color"], alpha=0.15, linewidth=0)
    # A marker, where a line of one point would not be seen.
    marker = "o" if len(grid) == 1 else ""
    (line,) = axis.plot(grid, middle, **style, linewidth=1.8, marker=marker, markersize=5)
    return line


def _mean_over_seeds(curves: list[Curve]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Frames, mean, minimum and maximum over seeds, where every seed has data; rows in between are interpolated."""
    if len(curves) == 1:
        frames, returns = curves[0]
        return frames, returns, returns, returns
    first = max(frames[0] for frames, _ in curves)
    last = min(frames[-1] for frames, _ in curves)
    if first > last:
        empty = np.empty(0)
        return empty, empty, empty, empty
    grid = np.linspace(first, last, _GRID if first < last else 1)
    values = np.stack([np.interp(grid, frames, returns) for frames, returns in curves])
    return grid, values.mean(axis=0), values.min(axis=0), values.max(axis=0)


def _finish_panel(axis: Axes, env: str, runs: list[Run], timesteps: float) -> None:
    from matplotlib.ticker import EngFormatter

    skips = {run.frame_skip for run in runs}
    emulator = f" (1 step = {skips.pop()} emulator frames)" if len(skips) == 1 and skips != {1} else ""
    # A name between dollars is no formula.
    axis.set_title(env, fontsize=11, fontweight="bold", loc="left", parse_math=False)
    axis.set_xlabel(f"agent steps{emulator}", fontsize=9)
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    axis.margins(x=0.02)
    axis.set_xlim(left=0, right=timesteps if timesteps > 0 else None)
    axis.tick_params(labelsize=8, color="#999999")
    axis.grid(color="#e5e5e5", linewidth=0.8)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color("#999999")


def _add_legend(figure: Figure, lines: dict[str, Line2D], panels: dict[str, dict[str, list[Run]]]) -> None:
    labels = sorted(lines)
    texts, any_seeds = [], False
    for label in labels:
        counts = sorted({len(groups[label]) for groups in panels.values() if label in groups})
        any_seeds = any_seeds or counts[-1] > 1
        seeds = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        texts.append(f"{label}  ({seeds} seed{'' if counts == [1] else 's'})")
    legend = figure.legend(
        [lines[label] for label in labels],
        texts,
        loc="outside lower center",
        ncols=min(3, len(labels)),
        frameon=False,
        fontsize=9,
        title="mean over seeds, and from the lowest to the highest" if any_seeds else None,
        title_fontsize=8,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _show_or_save(figure: Figure, out: str | Path | None) -> None:
    if out is None:
        from matplotlib import pyplot

        pyplot.show()
        return
    try:
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out, dpi=150)
    except OSError as error:
        raise LogdirError(f"{out} cannot be written: {error.strerror or error}") from None
    except ValueError:
        raise UsageError(
            f"Nobody knows how to draw a {Path(out).suffix or 'nameless'} file.", hint="Try .png."
        ) from None
