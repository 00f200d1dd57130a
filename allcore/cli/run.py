"""`all run`: train presets in environments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allcore.cli.failures import exit_code_of
from allcore.cli.logdir import check_writable
from allcore.cli.outcomes import tell
from allcore.cli.run_options import run_options
from allcore.cli.tables import echo_json
from allcore.errors import SpecError

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
    from allcore.plugins import registry

    check_writable(Path(logdir))
    make_executor = registry().load(registry().find("executors", executor))
    specs = _specs(ctx, file, trust, description)
    specs = _prepare(specs, logdir, fresh=fresh, show=not quiet)
    if dry_run:
        records = [spec.to_json() for spec in specs]
        echo_json(records[0] if len(records) == 1 else records)
        return
    outcomes = make_executor(logdir, fresh=fresh, quiet=quiet, render=render).submit(specs)
    tell(outcomes, logdir, quiet=quiet)
    ctx.exit(exit_code_of([outcome.state for outcome in outcomes]))


def _specs(
    ctx: click.Context, file: Path | None, trust: tuple[str, ...], description: dict[str, Any]
) -> list[RunSpec]:
    from allcore.cli.run_specs import specs_from_file, specs_from_options

    if file is None:
        if trust:
            raise SpecError(
                "--trust says what the file of --spec may name; what you type yourself needs none."
            )
        return specs_from_options(ctx, **description)
    given = [
        parameter.opts[0]
        for parameter in ctx.command.params
        if parameter.name in description
        and ctx.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        raise SpecError(f"--spec says what the run is: leave out {', '.join(given)}.")
    return specs_from_file(ctx, file, trust)


def _prepare(specs: Sequence[RunSpec], logdir: str, *, fresh: bool, show: bool) -> list[RunSpec]:
    """Try out each combination of preset and environment before the first one runs, and show its card."""
    import dataclasses
    import itertools

    from allcore.cli.run_card import echo_card
    from allcore.experiments.setup import build, canonical

    prepared: list[RunSpec] = []
    for spec, group in itertools.groupby(specs, lambda spec: dataclasses.replace(spec, seed=0)):
        seeds = [each.seed for each in group]
        env, preset = build(spec)
        try:
            spec = canonical(spec)
            runs = [dataclasses.replace(spec, seed=seed) for seed in seeds]
            if show:
                echo_card(runs, env, preset, logdir, fresh=fresh)
        finally:
            env.close()
        prepared += runs
    return prepared
