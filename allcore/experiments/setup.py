"""From a run specification to its environment and its preset. All that a user can get wrong is found out here."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from allcore.environments.resolve import resolve_environment
from allcore.errors import AllError, UsageError
from allcore.plugins import registry
from allcore.presets.function import Function
from allcore.presets.hyperparameters import difference

if TYPE_CHECKING:
    from allcore.environments import AnyEnvironment
    from allcore.experiments.spec import RunSpec
    from allcore.presets import Preset, PresetBuilder


def build(spec: RunSpec) -> tuple[AnyEnvironment, Preset]:
    """Make the environment and the preset of a run.

    Args:
        spec: the run; keys may still be short.

    Raises:
        UsageError: the preset, the environment, a wrapper, a hyperparameter or the device does not exist, or they do not
            fit together.
        PluginError: one of them exists and is broken.
    """
    builder, domain = find_preset(spec.preset)
    builder = builder.hyperparameters(**spec.hyperparameters).device(spec.device).seed(spec.seed)
    env = make_environment(spec, domain)
    try:
        return env, builder.env(env).build()
    except AllError:
        env.close()
        raise


def make_environment(spec: RunSpec, domain: str | None) -> AnyEnvironment:
    """Make the environment of a run, in its wrappers, on the CPU: simulators and replay are there, agents move what they need."""
    env = resolve_environment(spec.environment, domain=domain, options=spec.environment_options)
    for key in spec.wrappers:
        env = registry().load(registry().find("wrappers", key))(env)
    return env


def canonical(spec: RunSpec) -> RunSpec:
    """The same run as everybody would write it: full keys, typed values that differ from the preset's own, versions.

    `lr=1e-3` and `lr=0.001` are then the same run, and so is leaving it out where that is the preset's value.

    Raises:
        UsageError: a key or a hyperparameter does not exist, or a value does not fit.
    """
    builder, domain = find_preset(spec.preset)
    changed = builder.hyperparameters(**spec.hyperparameters)
    preset, versions = spec.preset, dict(spec.versions)
    if ":" not in preset:
        entry = registry().find("presets", preset)
        preset = entry.key
        versions.setdefault(entry.plugin.distribution, entry.plugin.version)
    env = make_environment(spec, domain)
    env.close()
    return dataclasses.replace(
        spec,
        preset=preset,
        environment=env.key,
        environment_options=spec.environment_options if spec.wrappers else env.options,
        loggers=tuple(registry().find("loggers", key).key for key in spec.loggers),
        wrappers=tuple(registry().find("wrappers", key).key for key in spec.wrappers),
        hyperparameters=difference(changed.values, builder.values),
        versions=versions,
    )


def find_preset(key: str) -> tuple[PresetBuilder, str | None]:
    """The builder of a preset and its domain (None for a builder of one's own).

    Raises:
        UnknownKeyError: no plugin registered it.
        UsageError: `module:attribute` leads nowhere, or to something else.
    """
    from allcore.presets.builder import PresetBuilder

    if ":" in key:
        found: Any = Function(key).resolve_any()
        domain = None
    else:
        entry = registry().find("presets", key)
        found, domain = registry().load(entry), entry.record.domain
    if not isinstance(found, PresetBuilder):
        raise UsageError(
            f"{key} is a {type(found).__name__}, not a preset", hint="A preset is a PresetBuilder."
        )
    return found, domain
