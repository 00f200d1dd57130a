"""Opening a run folder again: its environment, and its preset with the weights that it saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from allcore.errors import CheckpointError
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.setup import find_preset, make_environment
from allcore.experiments.spec import RunSpec
from allcore.presets import load_preset

if TYPE_CHECKING:
    from collections.abc import Collection

    from allcore.environments import Environment
    from allcore.presets import Preset


def open_run(
    path: str | Path, *, device: str = "cpu", trust: Collection[str] = ()
) -> tuple[Environment, Preset]:
    """The environment and the trained preset of a run.

    Args:
        path: the run's folder.
        device: where to put the networks.
        trust: modules whose functions the saved preset may name.

    Raises:
        CheckpointError: this is no run, or it has saved no weights, or they cannot be loaded.
        UsageError: the preset or the environment is not there any more.
    """
    folder = RunFolder(path)
    record = folder.read_run()
    if "spec" not in record:
        raise CheckpointError(
            f"{path} is no run: it has no readable run.json", hint="`all runs` lists your runs."
        )
    spec = RunSpec.from_json(record["spec"])
    builder, domain = find_preset(spec.preset)
    preset = load_preset(folder.preset_file, builder=builder, device=device, trust=trust)
    return make_environment(spec, domain), preset
