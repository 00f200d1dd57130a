"""Each hook is documented: when it is called, with exactly its arguments, and with an example that is a plugin."""

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

from allcore.plugins import lifecycle_hooks, registration_hooks

SCRIPT = Path(__file__).parents[2] / "docs" / "_hooks" / "plugin_hooks.py"


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = _load(SCRIPT)
MODULES = [registration_hooks, lifecycle_hooks]
HOOKS = [hook for module in MODULES for hook in reference.hooks(module)]


def _documented_arguments(hook):
    """The names below `Args:` in a docstring."""
    _, _, rest = inspect.getdoc(hook).partition("\nArgs:\n")
    section = rest.partition("\n\n")[0]
    return re.findall(r"^ {4}(\w+):", section, flags=re.MULTILINE)


def test_all_hooks_are_found():
    assert len(reference.hooks(registration_hooks)) == 10
    assert len(reference.hooks(lifecycle_hooks)) == 5


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
class TestEveryHook:
    def test_documents_exactly_its_arguments(self, hook):
        assert _documented_arguments(hook) == list(inspect.signature(hook).parameters)

    def test_says_when_it_is_called_what_it_returns_and_what_it_may_not(self, hook):
        for heading in ("When: ", "Returns: ", "May not: "):
            assert f"\n{heading}" in inspect.getdoc(hook)

    def test_stands_in_the_reference_with_its_arguments(self, hook):
        section = reference.page(MODULES).partition(f"### `{hook.__name__}`\n")[2].partition("\n### ")[0]
        assert f"def {hook.__name__}({', '.join(map(str, _plain_parameters(hook)))})" in section
        for name in inspect.signature(hook).parameters:
            assert f"- `{name}`: " in section

    def test_shows_an_example_that_implements_it(self, hook):
        code = inspect.getdoc(hook).partition("```python\n")[2].partition("```")[0]
        namespace = {}
        exec(compile(code, hook.__name__, "exec"), namespace)
        implementation = namespace[hook.__name__]
        assert set(inspect.signature(implementation).parameters) <= set(inspect.signature(hook).parameters)
        assert implementation.allcore_impl["optionalhook"] is False


def _plain_parameters(hook):
    """A hook's parameters as they are written, `spec: Mapping[str, Any]`."""
    return [f"{name}: {value.annotation}" for name, value in inspect.signature(hook).parameters.items()]


def test_a_section_becomes_a_list():
    docstring = "A thing.\n\nWhen: now.\n\nArgs:\n    spec: The run\n        itself.\n\nExample:\n```python\nArgs: 1\n```"
    assert reference.as_markdown(docstring) == (
        "A thing.\n\n- **When:** now.\n\n\n**Args**\n\n- `spec`: The run\n        itself.\n\n\n**Example**\n\n```python\nArgs: 1\n```"
    )
