"""Opening a run folder again: its environment, and its preset with the weights that it saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from allcore.errors import CheckpointError
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.setup import find_preset, make_environment
from allcore.experiments.spec import RunSpec
from allcore.experiments.threads import MOST_THREADS
from allcore.experiments.trust import check_specification
from allcore.presets import load_preset
from allcore.presets.builder import spaces_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from allcore.environments import AnyEnvironment
    from allcore.presets import Preset


def open_run(
    path: str | Path, *, device: str = "cpu", trust: Collection[str] = ()
) -> tuple[AnyEnvironment, Preset]:
    """The environment and the trained preset of a run.

    Args:
        path: the run's folder.
        device: where networks and states are to lie, whatever the run used.
        trust: modules that the folder's files may name, beside those of installed plugins.

    Raises:
        CheckpointError: this is no run, or it has saved no weights, or they cannot be loaded, or they are another
            preset's or another environment's.
        TrustError: its files name a module that is no plugin's and not trusted.
        UsageError: the preset or the environment is not there any more.
    """
    folder = RunFolder(path)
    record = folder.read_run()
    if "spec" not in record:
        raise CheckpointError(
            f"{path} is no run: it has no readable run.json", hint="`all runs` lists your runs."
        )
    spec = RunSpec.from_json(record["spec"], source=folder.run_file)
    check_specification(spec, trust, folder.run_file)
    builder, domain = find_preset(spec.preset)
    preset = load_preset(folder.preset_file, builder=builder, device=device, trust=trust)
    env = make_environment(spec, domain)
    if spaces_of(env) != (preset.setting.observation_space, preset.setting.action_space):
        env.close()
        raise CheckpointError(
            f"{folder.preset_file} was saved in {preset.setting.environment}, and {env.key}, which run.json names, has other "
            "observations or actions",
            hint="Are both files those of one run, and the packages those that it ran with?",
        )
    return env, preset


def recorded_threads(path: str | Path) -> int | None:
    """How many threads the run computed with; None where its folder does not say so sensibly."""
    threads = RunFolder(path).read_run().get("threads")
    return threads if type(threads) is int and 1 <= threads <= MOST_THREADS else None
