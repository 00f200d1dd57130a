"""What `run.json` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.experiments.process_record import process_record
from allcore.formats import VERSIONS
from allcore.presets.function import Function

if TYPE_CHECKING:
    from allcore.environments import AnyEnvironment
    from allcore.experiments.spec import RunSpec
    from allcore.presets import Preset


def run_record(spec: RunSpec, env: AnyEnvironment, preset: Preset) -> dict[str, Any]:
    """All that is worth knowing about a run beforehand, ready for JSON; `docs/reference/run-folder.md` explains each entry."""
    functions = {
        name: value for name, value in vars(preset.hyperparameters).items() if isinstance(value, Function)
    }
    return {
        "schema": VERSIONS["run"],
        "preset": spec.preset,
        "env": env.name,
        "environment": env.key,
        "seed": spec.seed,
        "frames": spec.frames,
        "frame_skip": env.frame_skip,
        "device": spec.device,
        "spec": spec.to_json(),
        "hyperparameters": preset.description()["hyperparameters"],
        "sources": {name: function.source() for name, function in functions.items()},
        **process_record(spec.versions),
    }
