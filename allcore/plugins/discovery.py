"""Which plugins are announced: by installed distributions, by files, and by tests.

Nothing is imported here. Announcements are read from the metadata of installed distributions, once per registry.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import importlib_metadata

from allcore.errors import UsageError
from allcore.keys import NAME_GRAMMAR, is_name
from allcore.plugins.causes import quote
from allcore.plugins.markers import GROUP

#: A plugin file `idea.py` is imported under this prefix, so that it never hides a module called `idea`.
FILE_MODULE_PREFIX = "allcore_plugin_"


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """A plugin that somebody says exists.

    Args:
        namespace: The first half of its keys.
        module_name: The module to import.
        load: Imports it and returns it. It may raise anything.
        describe: Returns the name and the version of the distribution that it belongs to; no version for a file.
        file: The file, for a plugin that was given as one.
    """

    namespace: str
    module_name: str
    load: Callable[[], object]
    describe: Callable[[], tuple[str, str]]
    file: Path | None = None


def installed() -> tuple[list[Announcement], list[str]]:
    """Read what the installed distributions announce.

    Returns:
        The announcements in the order of their namespaces, each once, and a line for each distribution whose
        metadata cannot be read.
    """
    try:
        points = list(importlib_metadata.entry_points(group=GROUP))
        problems: list[str] = []
    except Exception:
        # One damaged file of any package, ours or not, makes the call above fail for everybody.
        points, problems = _one_by_one()
    # A distribution may say the same thing twice, which is no conflict.
    unique = {(point.name, point.value, id(point.dist)): point for point in points}
    announcements = [_from_entry_point(point) for point in unique.values()]
    return sorted(announcements, key=lambda a: (a.namespace, a.module_name)), problems


def _one_by_one() -> tuple[list[importlib_metadata.EntryPoint], list[str]]:
    points: list[importlib_metadata.EntryPoint] = []
    problems = []
    seen = set()
    for distribution in importlib_metadata.distributions():
        try:
            name = distribution.metadata["Name"]
            found = [point for point in distribution.entry_points if point.group == GROUP]
        except Exception as error:
            place = getattr(distribution, "_path", "an unknown place")
            problems.append(f"the metadata in {place} cannot be read ({quote(error)})")
            continue
        # The first one on the path is the one that Python imports.
        if name not in seen:
            seen.add(name)
            points.extend(found)
    return points, problems


def _from_entry_point(point: importlib_metadata.EntryPoint) -> Announcement:
    def describe() -> tuple[str, str]:
        if point.dist is None:
            return "unknown distribution", "unknown"
        return str(point.dist.metadata["Name"]), str(point.dist.version)

    return Announcement(
        namespace=point.name,
        module_name=point.value.partition(":")[0].strip(),
        load=point.load,
        describe=describe,
    )


def from_file(file: Path) -> Announcement:
    """Announce a plugin file. Its namespace is the file's name without `.py`.

    Inside the file, a target in the same file is written `f"{__name__}:attribute"`, or with the file's own name,
    `"idea:attribute"` in `idea.py`. Modules beside it can be targets, too: its folder is put at the end of
    `sys.path`.

    Raises:
        UsageError: There is no such file, or its name cannot be a namespace.
    """
    if file.suffix != ".py" or not file.is_file():
        raise UsageError(f"--plugin {file}: there is no such Python file.")
    if not is_name(file.stem):
        raise UsageError(
            f"--plugin {file}: the file's name becomes the plugin's namespace and must be {NAME_GRAMMAR}.",
            hint="Rename the file.",
        )
    name = FILE_MODULE_PREFIX + file.stem.replace("-", "_")

    def load() -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, file.resolve())
        if spec is None or spec.loader is None:
            raise ImportError(f"cannot read {file}")
        module = importlib.util.module_from_spec(spec)
        folder = str(file.resolve().parent)
        if folder not in sys.path:
            sys.path.append(folder)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    return Announcement(
        namespace=file.stem,
        module_name=name,
        load=load,
        describe=lambda: (str(file), ""),
        file=file,
    )


def from_module(namespace: str, module: object, *, distribution: str = "a module in memory") -> Announcement:
    """Announce something that is already in memory: a module, or an object with hooks as attributes. For tests."""
    return Announcement(
        namespace=namespace,
        module_name=getattr(module, "__name__", namespace),
        load=lambda: module,
        describe=lambda: (distribution, ""),
    )


def duplicates(announcements: list[Announcement]) -> Iterator[tuple[str, list[Announcement]]]:
    """Group announcements by namespace and pick out the namespaces that are claimed more than once."""
    claims: dict[str, list[Announcement]] = {}
    for announcement in announcements:
        claims.setdefault(announcement.namespace, []).append(announcement)
    return ((namespace, claimed) for namespace, claimed in claims.items() if len(claimed) > 1)
