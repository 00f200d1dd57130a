"""Import what a record points to, and say clearly what went wrong when that fails."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from allcore.errors import PluginError
from allcore.keys import did_you_mean
from allcore.plugins.causes import quote
from allcore.plugins.loading import PluginStatus


def import_target(target: str, plugin: PluginStatus, what: str) -> Any:
    """Import `package.module:attribute`.

    Args:
        target: What to import.
        plugin: Who registered it.
        what: What it is, for the message: `preset 'atari.dqn'`.

    Raises:
        PluginError: It cannot be imported. The first cause is quoted, and chained.
    """
    module_name, _, attribute = target.partition(":")
    file = plugin.announcement.file
    if file is not None and module_name == file.stem:
        module_name = plugin.module_name
    try:
        module = importlib.import_module(module_name)
        return functools.reduce(getattr, attribute.split("."), module)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{what} cannot be loaded: {quote(error)}. It is {target!r} of {plugin}.",
            hint=_hint(error),
        ) from error


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "Is everything installed that the plugin depends on? 'all doctor' shows more."
    if isinstance(error, AttributeError) and error.name:
        proposal = did_you_mean(error.name, dir(error.obj))
        if proposal:
            return f"This is a mistake in the plugin. {proposal}"
    return "This is a mistake in the plugin; please tell its authors. 'all doctor' shows more."
