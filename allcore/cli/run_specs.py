"""From what was typed after `all run` to run specifications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from importlib_metadata import PackageNotFoundError, version

from allcore.cli.values import parse_assignments, parse_options
from allcore.errors import SpecError
from allcore.experiments.spec import RunSpec
from allcore.formats import read_json
from allcore.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def specs_of(
    ctx: click.Context, file: Path | None, trust: Sequence[str], description: Mapping[str, Any]
) -> list[RunSpec]:
    """What the command line describes, or the file that it names.

    Raises:
        SpecError: Something is missing, or contradicts something else.
    """
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


def specs_from_options(
    ctx: click.Context,
    *,
    presets: Sequence[str],
    environments: Sequence[str],
    frames: int | None,
    seed: int | None,
    seeds: Sequence[int] | None,
    changes: Sequence[str],
    environment_options: Sequence[str],
    wrappers: Sequence[str],
    device: str,
    loggers: Sequence[str],
    test_episodes: int,
    evaluate_every: int | None,
    save_freq: int,
    checkpoint_every: tuple[int, int],
    on_nan: str,
    verbose: bool,
) -> list[RunSpec]:
    """Combine every preset with every environment and every seed.

    Raises:
        SpecError: Something is missing, or contradicts something else.
        UnknownKeyError: There is no such preset or logger.
    """
    if not presets or not environments:
        missing = (
            "--preset and --env" if not (presets or environments) else "--env" if presets else "--preset"
        )
        raise SpecError(
            f"A run needs {missing}.", hint="For example: all run --preset classic.dqn --env CartPole-v1"
        )
    if seed is not None and seeds is not None:
        raise SpecError("--seed and --seeds exclude each other.")
    hyperparameters = parse_assignments("--set", changes)
    options = parse_options("--env-set", environment_options)
    keys = [registry().find("loggers", key).key for key in loggers]
    return [
        RunSpec(
            preset=preset,
            environment=environment,
            frames=_default_frames(preset) if frames is None else frames,
            seed=each,
            device=device,
            environment_options=options,
            wrappers=tuple(wrappers),
            hyperparameters=hyperparameters,
            evaluation_interval=evaluate_every or 0,
            test_episodes=test_episodes,
            loggers=tuple(dict.fromkeys([*RunSpec.loggers, *keys])),
            verbose=verbose,
            save_freq=save_freq,
            checkpoint_seconds=checkpoint_every[0],
            checkpoint_frames=checkpoint_every[1],
            on_nan=on_nan,
            plugin_files=tuple(str(Path(file).resolve()) for file in ctx.find_root().params["files"]),
        )
        for preset in dict.fromkeys(presets)
        for environment in dict.fromkeys(environments)
        for each in (seeds or (seed or 0,))
    ]


def _default_frames(preset: str) -> int:
    if ":" in preset:
        raise SpecError(f"{preset} does not say how long a run is.", hint="Say it with --frames.")
    return int(registry().find("presets", preset).record.default_frames)


def specs_from_file(ctx: click.Context, file: Path, trust: Sequence[str]) -> list[RunSpec]:
    """Read one specification, or a list of them. Reading runs no code but that of plugins and of trusted modules.

    Raises:
        SpecError: The file holds something else, or needs a plugin file that the command does not name.
        TrustError: It names a module that is no plugin's and not trusted.
    """
    try:
        content = read_json(file.read_bytes(), finite=True)
    except (OSError, ValueError) as error:
        raise SpecError(f"{file} cannot be read: {error}") from None
    records = content if isinstance(content, list) else [content]
    specs = [RunSpec.from_json(record, source=file) for record in records]
    for spec in specs:
        check_foreign(ctx, spec, trust, file)
    return specs


def check_foreign(ctx: click.Context, spec: RunSpec, trust: Sequence[str], file: Path) -> None:
    """See whether a specification that was read from a file may be run.

    Raises:
        SpecError: It needs a plugin file that the command does not name.
        TrustError: It names a module that is no plugin's and not trusted.
    """
    from allcore.experiments.trust import check_specification

    named = [str(Path(name).resolve()) for name in ctx.find_root().params["files"]]
    for needed in spec.plugin_files:
        if needed not in named:
            raise SpecError(
                f"{file} needs the plugin file {needed}.",
                hint=f"If you trust it: all --plugin {needed} {ctx.info_name} ...",
            )
    check_specification(spec, trust, file)
    _compare_versions(spec.versions)


def _compare_versions(versions: Mapping[str, str]) -> None:
    """Say so when a specification was made with other versions than those here: the run may come out differently."""
    for name, theirs in versions.items():
        try:
            ours = version(name)
        except (PackageNotFoundError, ValueError):
            continue  # a plugin file has no version, and nothing is called by an empty name
        if ours != theirs:
            click.echo(f"Note: the run was specified with {name} {theirs}, but here is {ours}.", err=True)
