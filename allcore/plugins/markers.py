"""What marks a plugin: the entry-point group, the API's version, and the two decorators."""

from __future__ import annotations

import pluggy

#: A distribution announces its plugins in this entry-point group.
GROUP = "allcore.plugins"

#: The namespace of the core's own plugin, `allcore.builtin`.
CORE_NAMESPACE = "core"

#: The version of everything a plugin can rely on: hooks, their arguments, records and their fields. The second
#: number rises when something is added, the first when something is taken away or changes its meaning.
PLUGIN_API = "1.1"

_PROJECT = "allcore"

#: Marks a function of a plugin as the implementation of the hook that it is named after.
hookimpl = pluggy.HookimplMarker(_PROJECT)

#: Marks a function of the core as the description of a hook.
hookspec = pluggy.HookspecMarker(_PROJECT)


def new_plugin_manager() -> pluggy.PluginManager:
    """Make a pluggy manager that knows our markers and no plugin yet."""
    return pluggy.PluginManager(_PROJECT)
