"""What every plugin must hold to, checked over whatever it registers."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

from allcore.errors import AllError
from allcore.plugins import Entry, Registry, Switches, discovery
from allcore.plugins.loading import LIFECYCLE_HOOKS

#: Libraries that cost every command their import when a plugin's module, or one of its hooks, imports them.
HEAVY = (
    "ale_py",
    "cv2",
    "gymnasium",
    "jax",
    "matplotlib",
    "mujoco",
    "numpy",
    "pandas",
    "scipy",
    "tensorboard",
    "tensorflow",
    "torch",
)

# Runs in a process of its own, in which nothing is imported yet.
_IMPORT_AND_REGISTER = """
import importlib, sys
from allcore.plugins import Registry, Switches, discovery
namespace, module_name, *heavy = sys.argv[1:]
announcement = discovery.from_module(namespace, importlib.import_module(module_name))
Registry([announcement], switches=Switches(warn=False))
sys.stderr.write(" ".join(name for name in heavy if name in sys.modules))
"""


def check_plugin(namespace: str, module_name: str | None = None) -> None:
    """Check a plugin: it loads without a warning, is light, and all that it registers can be imported.

    Args:
        namespace: The first half of its keys.
        module_name: The module with its hooks. Without it, the installed distributions are asked.

    Raises:
        AssertionError: Something does not hold; the message lists all that does not.
    """
    problems = problems_of(namespace, module_name)
    if problems:
        raise AssertionError(f"plugin {namespace!r}:\n" + "\n".join(f"- {problem}" for problem in problems))


def problems_of(namespace: str, module_name: str | None = None) -> list[str]:
    """List what does not hold of a plugin; empty when all is well. Arguments as for `check_plugin`."""
    if module_name is None:
        claims = [claim for claim in discovery.installed()[0] if claim.namespace == namespace]
        if len(claims) != 1:
            return [f"{len(claims)} installed distributions announce it; it must be exactly one"]
        module_name = claims[0].module_name
    try:
        announcement = discovery.from_module(namespace, importlib.import_module(module_name))
        registry = Registry([announcement], switches=Switches(strict=True))
    except AllError as error:
        return [error.message]
    except (Exception, SystemExit) as error:
        return [f"importing {module_name} raises {error!r}"]
    problems = _what_it_imports(namespace, module_name)
    entries = [entry for kind in registry.plugins()[0].counts for entry in registry.records(kind)]
    module = sys.modules[module_name]
    if not entries and not any(hasattr(module, hook) for hook in LIFECYCLE_HOOKS):
        problems.append("it has no hook and registers nothing")
    for entry in entries:
        problems += _problems_of_entry(registry, entry)
    return problems


def _what_it_imports(namespace: str, module_name: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", _IMPORT_AND_REGISTER, namespace, module_name, *HEAVY],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        return [f"in a fresh process its import fails: {result.stderr.strip().splitlines()[-1]}"]
    # The last line, because a plugin may print, too.
    imported = result.stderr.rpartition("\n")[2].split()
    if not imported:
        return []
    return [f"{module_name}, a package around it, or one of its hooks imports {', '.join(imported)}"]


def _problems_of_entry(registry: Registry, entry: Entry) -> list[str]:
    if not hasattr(entry.record, "target"):
        return []
    try:
        target = registry.load(entry)
        names = list(registry.load(entry, "names")()) if entry.kind == "environments" else []
    except (Exception, SystemExit) as error:
        return [error.message if isinstance(error, AllError) else f"the names of {entry} raise {error!r}"]
    problems = []
    if entry.kind != "presets" and not callable(target):
        problems.append(f"{entry}: {entry.record.target} cannot be called")
    if entry.kind == "presets" and not hasattr(target, "build"):
        problems.append(f"{entry}: {entry.record.target} is no PresetBuilder")
    if len(names) != len(set(names)) or not all(isinstance(name, str) and name for name in names):
        problems.append(f"{entry}: its names must be texts, each once")
    return problems
