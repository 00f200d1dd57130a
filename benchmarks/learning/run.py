"""Train a preset with several seeds, keep one file per seed, and say whether it learns.

    python benchmarks/learning/run.py --jobs 2                          all that has a bar, see bars.py
    python benchmarks/learning/run.py --preset classic.dqn              all bars of one preset
    python benchmarks/learning/run.py --preset classic.dqn --env CartPole-v1 --frames 50k --seeds 0-4
    python benchmarks/learning/run.py --suite learning-atari-10m --device cuda --threads 8      for a machine with a GPU

Each seed is an `all run` in a process of its own. The preset is trained as it stands, and what counts is the policy
that the training ends with, in the run's own final evaluation. A seed's file is written as soon as the seed is done;
seeds that have one already are not trained again, so the same command goes on after an interruption; with `--logdir DIR`
also within a seed.
README.md beside this file has the protocol.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import results
import verdict
from bars import SUITES

from allcore.cli.values import parse_frames, parse_seeds
from allcore.errors import AllError, LogdirError, UsageError
from allcore.experiments import RunSpec
from allcore.experiments.setup import build, canonical

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Seeds of one preset in one environment, trained alike."""

    preset: str
    environment: str
    frames: int
    seeds: tuple[int, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


def groups(options: argparse.Namespace) -> list[Group]:
    """What the options ask for: the bars that they select, or what they say where there is no bar.

    Raises:
        UsageError: no bar is selected, and the options do not say enough without one.
    """
    chosen = [
        Group(
            preset=preset,
            environment=environment,
            frames=parse_frames(options.frames) if options.frames else bar.frames,
            seeds=tuple(parse_seeds(options.seeds)) if options.seeds else bar.seeds,
            settings=bar.settings,
        )
        for (preset, environment), bar in SUITES[options.suite].items()
        if options.preset in (None, preset)
        and options.env in (None, environment, environment.partition(":")[2])
    ]
    if chosen:
        return chosen
    if not (options.preset and options.env and options.frames):
        raise UsageError(
            f"there is no bar for {options.preset or 'any preset'} in {options.env or 'any environment'}",
            hint="Give --preset, --env and --frames, or look into bars.py.",
        )
    seeds = tuple(parse_seeds(options.seeds or "0-9"))
    return [
        Group(
            preset=options.preset,
            environment=options.env,
            frames=parse_frames(options.frames),
            seeds=seeds,
        )
    ]


def plan(options: argparse.Namespace) -> dict[Path, RunSpec]:
    """The runs that are still to be made, by the file that each will leave.

    Raises:
        UsageError: there is no such preset or environment, or they do not fit together.
        LogdirError: a file is there already that tells of something else.
    """
    todo: dict[Path, RunSpec] = {}
    for group in groups(options):
        todo |= plan_group(group, options)
    return todo


def plan_group(group: Group, options: argparse.Namespace) -> dict[Path, RunSpec]:
    """The runs of one group that are still to be made."""
    specs = [make_spec(group, seed, options) for seed in group.seeds]
    env, preset = build(specs[0])
    hyperparameters = preset.description()["hyperparameters"]
    env.close()
    folder = results.group_folder(options.out, specs[0].preset, env.name)
    todo = {}
    for spec in specs:
        path = results.seed_file(folder, spec.seed)
        if path.exists() and not options.fresh:
            if difference := results.difference(results.read(path), spec, hyperparameters):
                raise LogdirError(
                    f"{path} was made with {difference}.",
                    hint="--fresh trains again and replaces the file; --out DIR writes elsewhere.",
                )
            print(f"{label(spec)}: done before, kept (--fresh trains it again)")
        else:
            todo[path] = spec
    return todo


def label(spec: RunSpec) -> str:
    return f"{spec.preset} {spec.environment} seed {spec.seed}"


def make_spec(group: Group, seed: int, options: argparse.Namespace) -> RunSpec:
    bar = SUITES[options.suite].get((group.preset, group.environment))
    return canonical(
        RunSpec(
            preset=group.preset,
            environment=group.environment,
            frames=group.frames,
            seed=seed,
            device=options.device,
            hyperparameters=group.settings,
            test_episodes=options.episodes or (bar.episodes if bar else 100),
            loggers=("core.csv",),
            verbose=False,
            save_freq=0,
            checkpoint_seconds=RunSpec.checkpoint_seconds if options.logdir else 0,
        )
    )


def train(path: Path, spec: RunSpec, threads: int = 1, logdir: Path | None = None) -> results.SeedResult:
    """Run one seed in a process of its own, and write its file.

    Args:
        path: its file.
        spec: the run.
        threads: of its process.
        logdir: the run's log folder, in which it goes on if it has begun; None for one that is thrown away.

    Raises:
        RuntimeError: the process failed or was interrupted.
    """
    if logdir is None:
        with tempfile.TemporaryDirectory(prefix="learning-") as folder:
            return train(path, spec, threads, Path(folder))
    logdir.mkdir(parents=True, exist_ok=True)
    file = logdir / f"{spec.run_name}.json"
    file.write_text(json.dumps(spec.to_json()), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "allcore",
        "run",
        "--spec",
        str(file),
        "--logdir",
        str(logdir),
        "--quiet",
    ]
    # As many as asked for, whatever the machine: side by side, more would only be in each other's way.
    limits = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    start = time.perf_counter()
    process = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **limits}, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}\n{process.stderr.strip()}")
    (run_file,) = logdir.glob(f"*/*/{spec.run_name}/run.json")
    result = results.collect(run_file.parent, seconds)
    results.write(path, result)
    return result


def train_all(todo: dict[Path, RunSpec], options: argparse.Namespace) -> bool:
    """Train what is to be trained, `--jobs` at a time; whether every seed came through."""
    good = True
    with ThreadPoolExecutor(options.jobs) as pool:
        seeds = {
            pool.submit(train, path, spec, options.threads, options.logdir): label(spec)
            for path, spec in todo.items()
        }
        try:
            for number, future in enumerate(as_completed(seeds), start=1):
                name = f"[{number}/{len(todo)}] {seeds[future]}"
                try:
                    result = future.result()
                    print(f"{name}: {result.mean_return:.1f} after {result.seconds:.0f} s", flush=True)
                except RuntimeError as error:
                    good = False
                    print(f"{name}: {error}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    return good


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", choices=SUITES, default="learning", help="which bars (default: learning)")
    parser.add_argument("--preset", help="default: every preset that has a bar")
    parser.add_argument("--env", help="default: every environment in which it has a bar")
    parser.add_argument("--frames", help="agent steps of training, such as 100k (default: the bar's)")
    parser.add_argument("--seeds", help="such as 0-4 or 0-4,7 (default: the bar's)")
    parser.add_argument("--episodes", type=int, help="of the final evaluation (default: the bar's, or 100)")
    parser.add_argument("--device", default="cpu", help="where the networks lie (default: cpu)")
    parser.add_argument("--threads", type=int, default=1, help="of each seed's process (default: 1)")
    parser.add_argument("--jobs", type=int, default=1, help="seeds trained at once (default: 1)")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/SUITE")
    parser.add_argument(
        "--logdir", type=Path, help="keeps the runs, which go on there (default: thrown away)"
    )
    parser.add_argument("--fresh", action="store_true", help="train again what is there already")
    options = parser.parse_args()
    if min(options.jobs, options.threads, options.episodes or 1) < 1:
        parser.error("--jobs, --threads and --episodes are at least 1")
    if options.fresh and options.logdir:
        parser.error("--fresh trains again and --logdir goes on: give --logdir DIR a new folder instead")
    options.out = options.out or results.RESULTS / options.suite
    return options


def main() -> int:
    options = parse_options()
    try:
        todo = plan(options)
        good = train_all(todo, options)
    except AllError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on with the seeds that are missing.", file=sys.stderr)
        return 130
    return max(verdict.report(options.out, SUITES[options.suite]), 0 if good else 1)


if __name__ == "__main__":
    sys.exit(main())
