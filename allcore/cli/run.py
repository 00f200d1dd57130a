"""`all run`: train presets in environments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from allcore.cli.completion import (
    complete_devices,
    complete_environments,
    complete_hyperparameters,
    complete_keys,
)
from allcore.cli.failures import exit_code_of
from allcore.cli.logdir import check_writable
from allcore.cli.outcomes import tell
from allcore.cli.tables import echo_json
from allcore.cli.values import parse_frames, parse_seeds
from allcore.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.experiments.spec import RunSpec

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("run")
# What a run is: `run_specs.specs_from_options` takes these.
@click.option(
    "--preset",
    "presets",
    multiple=True,
    metavar="KEY",
    shell_complete=complete_keys("presets"),
    help="The preset, such as classic.dqn, or module:attribute for your own. Repeatable.",
)
@click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_environments,
    help="The environment: a name of the preset's domain, family:NAME, or module:factory. Repeatable.",
)
@click.option(
    "--frames",
    type=parse_frames,
    metavar="N",
    help="Length of the training in agent steps, such as 1e6 or 250k; an Atari game shows 4 emulator frames for "
    "each. By default the preset says.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", help="Root of all random numbers.  [default: 0]"
)
@click.option("--seeds", type=parse_seeds, metavar="LIST", help="Several, a run for each: 0-4 or 0-4,7.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=complete_hyperparameters,
    help="Change a hyperparameter; 'all show PRESET' lists them. Repeatable.",
)
@click.option(
    "--env-set",
    "environment_options",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change an option of the environment; 'all show FAMILY' lists them. Repeatable.",
)
@click.option(
    "--wrap",
    "wrappers",
    multiple=True,
    metavar="KEY",
    shell_complete=complete_keys("wrappers"),
    help="Put a wrapper around the environment, the innermost first. Repeatable.",
)
@click.option(
    "--device", default="cpu", show_default=True, shell_complete=complete_devices, help="cpu, cuda, ..."
)
@click.option(
    "--logger",
    "loggers",
    multiple=True,
    metavar="KEY",
    shell_complete=complete_keys("loggers"),
    help="Log there, too, besides TensorBoard and CSV. Repeatable.",
)
@click.option(
    "--test-episodes",
    default=100,
    show_default=True,
    type=click.IntRange(min=0),
    metavar="N",
    help="Games of an evaluation; 0 for none.",
)
@click.option(
    "--evaluate-every",
    type=parse_frames,
    metavar="N",
    help="Evaluate during training, too, each time after so many agent steps.",
)
@click.option(
    "--save-freq",
    default=100,
    show_default=True,
    type=click.IntRange(min=0),
    metavar="N",
    help="Episodes between two savings of the weights; 0 saves at the end only.",
)
@click.option(
    "--verbose/--no-verbose",
    default=True,
    help="Whether to log losses and the like, which can take much space.",
)
@click.option(
    "--spec", "file", type=_FILE, help="Read all of the above from a JSON file that --dry-run printed."
)
@click.option(
    "--trust", multiple=True, metavar="MODULE", help="A module that the file of --spec may name. Repeatable."
)
# How and where it is run.
@click.option(
    "--executor",
    default="core.local",
    show_default=True,
    metavar="KEY",
    shell_complete=complete_keys("executors"),
    help="Where to run.",
)
@click.option(
    "--logdir", default="runs", show_default=True, type=click.Path(), help="The folder of all runs."
)
@click.option("--fresh", is_flag=True, help="Run again what has been run before, in another folder.")
@click.option(
    "--dry-run", is_flag=True, help="Check everything, print the run's specification, and run nothing."
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors (and with --dry-run the bare JSON).")
@click.option("--render", is_flag=True, help="Show the environment while training, which is slow.")
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

    Several presets and environments are all combined, with every seed. Each run has a folder of its own, and what is
    finished is not run again. Frames are agent steps, here and everywhere.
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
