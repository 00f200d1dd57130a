"""Hold all results against their bars, and write the table and the plots.

    python benchmarks/learning/verdict.py [--suite NAME] [--out DIR]

The exit code is 0 if everything that has a bar reaches it, else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bars import SUITES, Bar
from iqm import bootstrap_interval, interquartile_mean
from plot import plot_group
from results import RESULTS, SeedResult, read_groups

from allcore.experiments.spec import RunSpec

_HEAD = """# Learning: what was measured

Written by `python benchmarks/learning/verdict.py` from the files beside it; [the protocol](../../learning/README.md) says how
to read it. IQM is the interquartile mean over seeds of the mean return of the final greedy policy; the interval is the 95 %
bootstrap interval of the IQM, and its lower end is held against the bar; where the bar says "mean", the mean over the seeds is.

| preset | environment | frames | seeds | IQM | 95 % interval | bar | verdict |
|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the seeds of one preset in one environment say.

    Attributes:
        iqm: interquartile mean of the seeds' mean returns.
        low: lower end of its interval.
        high: upper end of its interval.
        mean: of the seeds' mean returns.
        bar: what is asked for, if anything.
        objections: how the results depart from the protocol; with any, nothing is passed.
    """

    iqm: float
    low: float
    high: float
    mean: float
    bar: Bar | None
    objections: tuple[str, ...] = ()

    @property
    def passed(self) -> bool | None:
        """Whether the bar is reached by the protocol; None if there is no bar."""
        if self.bar is None:
            return None
        held = self.mean if self.bar.by_mean else self.low
        return not self.objections and held >= self.bar.least

    @property
    def text(self) -> str:
        """The verdict in words."""
        if self.bar is None:
            return "no bar"
        if self.objections:
            return f"not by the protocol: {'; '.join(self.objections)}"
        return "**passed**" if self.passed else "**failed**"


def judge(results: list[SeedResult], bar: Bar | None) -> Verdict:
    """Hold the results of all seeds of one preset in one environment against the bar."""
    means = np.array([result.mean_return for result in results])
    low, high = bootstrap_interval(means)
    return Verdict(
        iqm=float(interquartile_mean(means)),
        low=low,
        high=high,
        mean=float(means.mean()),
        bar=bar,
        objections=tuple(objections(results, bar)) if bar else (),
    )


def objections(results: list[SeedResult], bar: Bar) -> list[str]:
    """In what the results depart from the protocol."""
    found = []
    seeds = {result.seed for result in results}
    if missing := sorted(set(bar.seeds) - seeds):
        found.append(f"seeds {', '.join(map(str, missing))} are missing")
    if surplus := sorted(seeds - set(bar.seeds)):
        found.append(f"seeds {', '.join(map(str, surplus))} are too many")
    if any(result.spec["frames"] > bar.frames for result in results):
        found.append(f"more than {bar.frames:,} frames")
    if any(len(result.evaluation["return"]) != bar.episodes for result in results):
        found.append(f"other than {bar.episodes} evaluation episodes")
    settings = {json.dumps(_setting(result), sort_keys=True) for result in results}
    if len(settings) > 1:
        found.append("the seeds were trained in different ways")
    return found


def _setting(result: SeedResult) -> dict[str, object]:
    """What must be the same for all seeds; how often a checkpoint is written, for instance, computes nothing.

    Neither does a hyperparameter that is off, and that there was not yet when another seed was trained.
    """
    identity = RunSpec.from_json({**result.spec, "seed": 0}).identity
    on = {name: value for name, value in result.hyperparameters.items() if value is not False}
    return {"identity": identity, "hyperparameters": on}


def report(out: Path, bars: Mapping[tuple[str, str], Bar]) -> int:
    """Judge everything below `out` by `bars`, write its README.md and plots, and print the table; returns the exit code."""
    groups = read_groups(out)
    table, details, good = _HEAD, "", True
    for folder, results in groups.items():
        key = (results[0].spec["preset"], results[0].spec["environment"])
        verdict = judge(results, bars.get(key))
        good = good and verdict.passed is not False
        row = _row(results, verdict)
        print(row)
        table += row + "\n"
        image = folder / "learning.png"
        plot_group(image, results, verdict.iqm, (verdict.low, verdict.high), verdict.bar)
        details += _details(results, verdict, image.relative_to(out).as_posix())
    if groups:
        (out / "README.md").write_text(table + details, encoding="utf-8")
        print(f"Written: {out / 'README.md'}")
    return 0 if good else 1


def _row(results: list[SeedResult], verdict: Verdict) -> str:
    spec = results[0].spec
    cells = (
        f"`{spec['preset']}`",
        f"`{spec['environment']}`",
        f"{spec['frames']:,}",
        _seeds(results),
        f"{verdict.iqm:.1f}",
        f"{verdict.low:.1f} to {verdict.high:.1f}",
        _bar(verdict),
        verdict.text,
    )
    return f"| {' | '.join(cells)} |"


def _seeds(results: list[SeedResult]) -> str:
    """As `--seeds` takes them, such as 0-4,7."""
    parts: list[list[int]] = []
    for seed in sorted(result.seed for result in results):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ",".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def _bar(verdict: Verdict) -> str:
    """The bar, and what is held against it where that is not the interval's lower end."""
    if verdict.bar is None:
        return ""
    return f"{verdict.bar.least:g}" + (f" (mean: {verdict.mean:.1f})" if verdict.bar.by_mean else "")


def _details(results: list[SeedResult], verdict: Verdict, image: str) -> str:
    """The section of one group: every seed, the plot, and what it was made with."""
    first = results[0]
    title = f"{first.spec['preset']} in {first.spec['environment']}"
    lines = [f"\n## {title}\n", f"![Learning curves and final evaluations]({image})\n"]
    lines += ["| seed | mean return | std | min | max | seconds | |", "|---|---|---|---|---|---|---|"]
    for result in results:
        returns = np.array(result.evaluation["return"])
        short = verdict.bar is not None and result.mean_return < verdict.bar.least
        lines.append(
            f"| {result.seed} | {result.mean_return:.1f} | {returns.std():.1f} | {returns.min():g} | "
            f"{returns.max():g} | {result.seconds:.0f} | {'below the bar' if short else ''} |"
        )
    hyperparameters = ", ".join(f"{name}={value}" for name, value in first.hyperparameters.items())
    versions = ", ".join(f"{name} {version}" for name, version in first.versions.items())
    commits = sorted({_commit(result.git) for result in results if result.git})
    machines = sorted({f"{result.machine['processor']}, {result.machine['cpus']} CPUs" for result in results})
    if verdict.bar:
        lines.append(f"\nBar: {verdict.bar.least:g} ({verdict.bar.source}).")
    lines.append(f"\nHyperparameters: {hyperparameters}.\n")
    lines.append(f"Versions: {versions}. Commits: {', '.join(commits)}. Machine: {'; '.join(machines)}.")
    return "\n".join(lines) + "\n"


def _commit(git: dict[str, Any]) -> str:
    return git["commit"][:7] + (" with uncommitted changes" if git["changes"] else "")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", choices=SUITES, default="learning", help="default: learning")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/SUITE")
    options = parser.parse_args()
    return report(options.out or RESULTS / options.suite, SUITES[options.suite])


if __name__ == "__main__":
    sys.exit(main())
