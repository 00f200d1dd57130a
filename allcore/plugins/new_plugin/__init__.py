"""Write the distribution of a new plugin: `all new-plugin NAME`."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from allcore.errors import UsageError
from allcore.keys import NAME_GRAMMAR, is_name
from allcore.plugins.markers import CORE_NAMESPACE, PLUGIN_API

#: Templates end in this, so that nothing takes them for code of ours.
_SUFFIX = ".tmpl"


def write_plugin(name: str, directory: Path | str) -> Path:
    """Write a complete distribution with one working component, a logger, and tests that are green at once.

    Args:
        name: The plugin's namespace, such as `robot`. The distribution is called `all-robot`, its package `all_robot`.
        directory: Where its folder `all-robot` goes; made if it does not exist.

    Returns:
        The folder that was written.

    Raises:
        UsageError: The name cannot be a namespace, or the folder exists already or cannot be written.
    """
    if not is_name(name):
        raise UsageError(f"{name!r} cannot be a plugin's name: it must be {NAME_GRAMMAR}.")
    if name == CORE_NAMESPACE:
        raise UsageError(f"{name!r} is the core's own name.", hint="Choose another one.")
    stem = re.sub(r"[-_]+", "-", name).strip("-")
    values = {
        "namespace": name,
        "distribution": f"all-{stem}",
        "package": f"all_{stem.replace('-', '_')}",
        "api": f">={PLUGIN_API},<{int(PLUGIN_API.partition('.')[0]) + 1}",
    }
    folder = Path(directory) / values["distribution"]
    if folder.exists():
        raise UsageError(f"{folder} exists already.", hint="Choose another name or another folder.")
    try:
        _write(files(__package__), folder, values)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from error
    return folder


def _write(templates: Traversable, folder: Path, values: dict[str, str]) -> None:
    """Fill in all templates of a folder, and of the folders in it."""
    for template in sorted(templates.iterdir(), key=lambda item: item.name):
        if template.is_dir() and template.name != "__pycache__":
            # The folder `package` stands for the package of the new distribution.
            _write(
                template,
                folder / (values["package"] if template.name == "package" else template.name),
                values,
            )
        elif template.name.endswith(_SUFFIX):
            folder.mkdir(parents=True, exist_ok=True)
            text = _fill(template.read_text(encoding="utf-8"), values)
            (folder / template.name.removesuffix(_SUFFIX)).write_text(text, encoding="utf-8")


def _fill(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], text)
