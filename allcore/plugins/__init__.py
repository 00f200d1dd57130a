"""Everything that a plugin author needs, and the registry that holds what plugins registered.

A plugin is a light module with functions named after hooks and marked with `hookimpl`; they return records.
`allcore.plugins.registration_hooks` and `allcore.plugins.lifecycle_hooks` describe the hooks, each with an example.

    from allcore.plugins import PresetRecord, hookimpl

    @hookimpl
    def all_presets():
        yield PresetRecord(name="dqn", target="my_package.dqn:dqn", ...)

Its distribution announces it in `pyproject.toml`, under the first half of its keys:

    [project.entry-points."allcore.plugins"]
    robot = "my_package.plugin"
"""

from __future__ import annotations

from allcore.plugins.default import configure, registry, reset, using
from allcore.plugins.loading import PluginStatus
from allcore.plugins.markers import PLUGIN_API, hookimpl, hookspec
from allcore.plugins.plugin_registry import Entry, Registry
from allcore.plugins.records import (
    KINDS,
    AgentRecord,
    BodyRecord,
    CommandRecord,
    EnvironmentRecord,
    ExecutorRecord,
    HealthCheckRecord,
    LoggerRecord,
    PresetRecord,
    Record,
    SettingRecord,
    WrapperRecord,
    record_as_dict,
)
from allcore.plugins.switches import Switches

__all__ = [
    "hookimpl",
    "hookspec",
    "PLUGIN_API",
    "AgentRecord",
    "BodyRecord",
    "CommandRecord",
    "EnvironmentRecord",
    "ExecutorRecord",
    "HealthCheckRecord",
    "LoggerRecord",
    "PresetRecord",
    "Record",
    "SettingRecord",
    "WrapperRecord",
    "KINDS",
    "record_as_dict",
    "registry",
    "configure",
    "reset",
    "using",
    "Registry",
    "Entry",
    "PluginStatus",
    "Switches",
]
