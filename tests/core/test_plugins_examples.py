"""The example in each hook's docstring is a plugin that works as it stands."""

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from allcore.plugins import KINDS, Registry, Switches, lifecycle_hooks, registration_hooks
from allcore.plugins.discovery import from_module
from allcore.plugins.loading import LIFECYCLE_HOOKS

SAMPLE = {
    "spec": {"preset": "robot.sarsa"},
    "folder": None,  # the test's own
    "frame": 100,
    "returns": [1.0, 3.0],
    "path": Path("checkpoint"),
    "error": ValueError("no"),
}


def plugin(specification):
    """Execute the example of a hook specification as a module."""
    code = re.search(r"```python\n(.*?)```", inspect.getdoc(specification), flags=re.DOTALL)[1]
    module = ModuleType("all_robot.plugin")
    exec(compile(code, specification.__name__, "exec"), vars(module))
    return from_module("robot", module)


@pytest.mark.parametrize("kind", KINDS)
def test_a_registration_hook(kind, caplog):
    registry = Registry([plugin(getattr(registration_hooks, f"all_{kind}"))], switches=Switches(strict=True))
    assert len(registry.records(kind)) == 1
    assert caplog.messages == []


@pytest.mark.parametrize("hook", LIFECYCLE_HOOKS)
def test_a_lifecycle_hook(hook, caplog, capsys, tmp_path):
    specification = getattr(lifecycle_hooks, hook)
    registry = Registry([plugin(specification)], switches=Switches(strict=True))
    names = inspect.signature(specification).parameters
    registry.notify(hook, **{name: (SAMPLE | {"folder": tmp_path})[name] for name in names})
    assert caplog.messages == []
    # Each of them leaves a trace.
    assert capsys.readouterr().out or list(tmp_path.iterdir())
