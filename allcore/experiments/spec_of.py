"""From a preset's builder and an environment, as Python has them, to the specification of a run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from allcore.errors import UnknownKeyError
from allcore.experiments.spec import RunSpec
from allcore.plugins import registry
from allcore.presets.hyperparameters import difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.environments import AnyEnvironment
    from allcore.presets import PresetBuilder


def spec_of(
    builder: PresetBuilder,
    env: AnyEnvironment,
    frames: float,
    *,
    device: str | None = None,
    loggers: Sequence[str] = RunSpec.loggers,
    **fields: Any,
) -> RunSpec:
    """Describe the training of a preset in an environment.

    Args:
        builder: the preset.
        env: the environment.
        frames: length of the training, in agent steps.
        device: where the networks lie; by default where the builder says, else `cpu`.
        loggers: keys of the loggers, which may be short.
        **fields: further fields of the specification.

    Raises:
        SpecError: a field has a value that it cannot have.
        UnknownKeyError: there is no such logger.
    """
    return RunSpec(
        preset=builder.name,
        environment=env.key,
        environment_options=env.options,
        hyperparameters=_changes(builder),
        frames=int(frames),
        device=device or builder._device or "cpu",
        loggers=tuple(registry().find("loggers", key).key for key in loggers),
        versions=_versions(builder.make, type(env)),
        **fields,
    )


def _versions(*makers: Any) -> dict[str, str]:
    """The plugins that define these parts of a run, with their versions."""
    owners = [registry().owner_of(maker.__module__) for maker in makers]
    return {owner.distribution: owner.version for owner in owners if owner is not None}


def _changes(builder: PresetBuilder) -> dict[str, object]:
    """The hyperparameters that differ from the registered preset's, or from the class's defaults if there is none."""
    base = type(builder.values)()
    with contextlib.suppress(UnknownKeyError):
        registered = registry().load(registry().find("presets", builder.name))
        if type(registered.values) is type(builder.values):
            base = registered.values
    return difference(builder.values, base)
