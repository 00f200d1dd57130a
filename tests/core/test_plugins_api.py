"""What plugin authors rely on is written down in a file, so that nobody changes it by accident."""

import dataclasses
import inspect
import json
from pathlib import Path

from allcore.plugins import KINDS, PLUGIN_API, lifecycle_hooks, registration_hooks
from allcore.plugins.loading import LIFECYCLE_HOOKS, REGISTRATION_HOOKS

GOLDEN = Path(__file__).parent / "golden" / "plugin_api.json"

WHAT_TO_DO = """
The plugin API is no longer what golden/plugin_api.json says. If that is meant:
raise PLUGIN_API in allcore/plugins/markers.py (the second number for an addition, the first for anything that can break
a plugin), write the change into CHANGELOG.md, and put this into the file:
"""


def _field(field):
    if field.default is dataclasses.MISSING:
        return f"{field.type}"
    return f"{field.type} = {field.default!r}"


def current():
    modules = {**vars(registration_hooks), **vars(lifecycle_hooks)}
    return {
        "api": PLUGIN_API,
        "hooks": {
            name: str(inspect.signature(modules[name]))
            for name in sorted(REGISTRATION_HOOKS + LIFECYCLE_HOOKS)
        },
        "records": {
            record_class.__name__: {field.name: _field(field) for field in dataclasses.fields(record_class)}
            for _, record_class in sorted(KINDS.items())
        },
    }


def test_the_plugin_api_is_as_promised():
    found = current()
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8")), WHAT_TO_DO + json.dumps(found, indent=2)


def test_every_kind_has_its_hook_and_every_hook_its_kind():
    specified = {name for name, value in vars(registration_hooks).items() if hasattr(value, "allcore_spec")}
    assert specified == set(REGISTRATION_HOOKS) == {f"all_{kind}" for kind in KINDS}
