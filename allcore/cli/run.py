"""`all run`: train presets in environments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allcore.cli.executors import find_executor
from allcore.cli.failures import exit_code_of
from allcore.cli.logdir import check_writable
from allcore.cli.outcomes import tell
from allcore.cli.run_options import run_options
from allcore.cli.tables import echo_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.experiments.spec import RunSpec


@click.command("run")
@run_options
@click.pass_context
def run(
    ctx: click.Context,
    /,
    file: Path | None,
    trust: tuple[str, ...],
    executor: str,
    jobs: int | None,
    settings: tuple[str, ...],
    logdir: str,
    fresh: bool,
    dry_run: bool,
    quiet: bool,
    render: bool,
    **description: Any,
) -> None:
    """Train presets in environments, and evaluate them.

    \b
    all run --preset classic.dqn --env CartPole-v1 --frames 50k
    all run --preset classic.dqn --env CartPole-v1 --env Acrobot-v1 --seeds 0-4
    all run --preset atari.dqn --env Breakout --set lr=3e-4 --device cuda

    Several presets and environments are all combined, with every seed. Each run has a folder of its own; what is
    finished is not run again, and what was stopped goes on. Frames are agent steps, here and everywhere.
    """  # noqa: D301 - click reads \b as a backspace: the paragraph keeps its lines
    from allcore.cli.run_specs import specs_of

    check_writable(Path(logdir))
    place, typed = find_executor(executor, settings)
    specs = specs_of(ctx, file, trust, description)
    specs = _prepare(specs, logdir, fresh=fresh, show=not quiet, here=place.here)
    if dry_run:
        records = [spec.to_json() for spec in specs]
        echo_json(records[0] if len(records) == 1 else records)
        return
    outcomes = place(logdir, fresh=fresh, quiet=quiet, render=render, jobs=jobs, settings=typed).submit(specs)
    tell(outcomes, logdir, quiet=quiet)
    ctx.exit(exit_code_of([outcome.state for outcome in outcomes]))


def _prepare(specs: Sequence[RunSpec], logdir: str, *, fresh: bool, show: bool, here: bool) -> list[RunSpec]:
    """Try out each combination of preset and environment before the first one runs, and show its card."""
    import dataclasses
    import itertools

    from allcore.cli.run_card import echo_card
    from allcore.experiments.setup import build, canonical

    prepared: list[RunSpec] = []
    for spec, group in itertools.groupby(specs, lambda spec: dataclasses.replace(spec, seed=0)):
        seeds = [each.seed for each in group]
        env, preset = build(spec if here else dataclasses.replace(spec, device="cpu"))
        try:
            spec = canonical(spec)
            runs = [dataclasses.replace(spec, seed=seed) for seed in seeds]
            if show:
                echo_card(runs, env, preset, logdir, fresh=fresh, here=here)
        finally:
            env.close()
        prepared += runs
    return prepared
