"""The card that is shown before a run: what will be run, where, and for how long."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from allcore.cli.tables import echo_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.environments import AnyEnvironment
    from allcore.experiments.spec import RunSpec
    from allcore.presets import Preset


def echo_card(
    specs: Sequence[RunSpec], env: AnyEnvironment, preset: Preset, logdir: str, *, fresh: bool, here: bool
) -> None:
    """Show what is going to be run, on stderr like the progress that follows.

    Args:
        specs: Runs that differ in their seeds only.
        env: Their environment.
        preset: Their preset.
        logdir: The folder of all runs.
        fresh: Whether runs that exist are run again.
        here: Whether they run on this machine: another one has other processors.
    """
    from allcore.experiments.threads import choose_threads

    spec = specs[0]
    threads = choose_threads(preset) if here else 0
    click.secho(f"{spec.preset} on {spec.environment}", bold=True, err=True)
    echo_fields(
        [
            ("agent", _agent(spec)),
            ("frames", _frames(spec.frames, env.frame_skip)),
            ("seeds" if len(specs) > 1 else "seed", ", ".join(str(each.seed) for each in specs)),
            ("device", spec.device + (f", {threads} thread{'' if threads == 1 else 's'}" if here else "")),
            ("replay memory", _replay_memory(env, preset)),
            ("changed", _changes(spec, preset)),
            ("environment options", _assignments(spec.environment_options)),
            ("wrappers", ", ".join(spec.wrappers)),
            ("evaluation", _evaluation(spec)),
            ("loggers", ", ".join(spec.loggers)),
            ("folder", _folder(specs, env, logdir, fresh)),
        ],
        err=True,
    )


def _agent(spec: RunSpec) -> str | None:
    from allcore.plugins import registry

    if ":" in spec.preset:
        return None
    entry = registry().find("presets", spec.preset)
    return f"{entry.record.agent}, composed by {entry.plugin.origin}"


def _frames(frames: int, frame_skip: int) -> str:
    text = f"{frames:,} agent steps"
    return text if frame_skip == 1 else f"{text} = {frames * frame_skip:,} emulator frames"


def _replay_memory(env: AnyEnvironment, preset: Preset) -> str | None:
    """What a full replay buffer takes, where the preset has one."""
    capacity = getattr(preset.hyperparameters, "replay_buffer_size", None)
    if capacity is None:
        return None
    import torch

    from allcore.environments import Environment
    from allcore.memory import memory_bytes

    if not isinstance(env, Environment):  # several agents, with a replay each
        return None
    needed = memory_bytes(capacity, env.reset(), torch.as_tensor(env.action_space.sample()))
    size, unit = (needed / 1e9, "GB") if needed >= 1e9 else (needed / 1e6, "MB")
    return f"{size:.1f} {unit} when full ({capacity:,} transitions)"


def changed_hyperparameters(spec: RunSpec, preset: Preset) -> dict[str, tuple[Any, Any]]:
    """The hyperparameters that differ from the preset's own, each with its own value and the chosen one."""
    from allcore.experiments.setup import find_preset
    from allcore.presets.hyperparameters import as_dict

    defaults = as_dict(find_preset(spec.preset)[0].values)
    chosen = as_dict(preset.hyperparameters)
    return {name: (defaults[name], value) for name, value in chosen.items() if value != defaults[name]}


def _changes(spec: RunSpec, preset: Preset) -> str:
    changed = changed_hyperparameters(spec, preset)
    return "; ".join(f"{name} {json.dumps(old)} -> {json.dumps(new)}" for name, (old, new) in changed.items())


def _assignments(options: Any) -> str:
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in options.items())


def _evaluation(spec: RunSpec) -> str:
    if not spec.test_episodes:
        return "none"
    games = f"{spec.test_episodes} game{'' if spec.test_episodes == 1 else 's'}"
    every = f"every {spec.evaluation_interval:,} agent steps and " if spec.evaluation_interval else ""
    return f"{games} {every}at the end"


def _folder(specs: Sequence[RunSpec], env: AnyEnvironment, logdir: str, fresh: bool) -> str:
    from allcore.experiments.run_folder import RunFolder

    paths = [RunFolder.of(logdir, spec.preset, env.name, spec.run_name, fresh=fresh).path for spec in specs]
    return str(paths[0]) if len(paths) == 1 else f"{paths[0].parent}/ ({len(paths)} runs)"
