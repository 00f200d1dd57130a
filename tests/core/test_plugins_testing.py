"""What allcore.testing gives to plugin authors: the contract checks find what is wrong, and the fixture isolates."""

import importlib
import sys
import textwrap
from types import SimpleNamespace

import pytest

import allcore.plugins
from allcore.errors import PluginError
from allcore.plugins import AgentRecord, hookimpl
from allcore.testing import check_plugin, problems_of
from allcore.testing.pytest_plugin import allcore_registry  # noqa: F401 - the fixture itself is under test

HEAD = """
    from allcore.plugins import AgentRecord, EnvironmentRecord, PresetRecord, hookimpl

"""
GOOD = """
    @hookimpl
    def all_agents():
        yield AgentRecord(name="x", target="all_checked.plugin:all_agents", summary="An agent.")
"""


@pytest.fixture
def problems(tmp_path, monkeypatch):
    """Write a package with this text as its plugin, and check it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def check(text, init=""):
        (tmp_path / "all_checked").mkdir()
        (tmp_path / "all_checked" / "__init__.py").write_text(init)
        (tmp_path / "all_checked" / "plugin.py").write_text(textwrap.dedent(HEAD) + textwrap.dedent(text))
        importlib.invalidate_caches()
        return problems_of("checked", "all_checked.plugin")

    yield check
    for name in ("all_checked", "all_checked.plugin"):
        sys.modules.pop(name, None)


def test_a_good_plugin_passes(problems):
    assert problems(GOOD) == []
    check_plugin("checked", "all_checked.plugin")


def test_a_plugin_with_lifecycle_hooks_alone_passes(problems):
    assert problems("@hookimpl\ndef all_run_started(folder): pass\n") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has no hook and registers nothing"),
        ("1 / 0", "importing all_checked.plugin raises ZeroDivisionError"),
        ("@hookimpl\ndef all_agent(): return []\n", "there is no hook 'all_agent'"),
        (GOOD.replace("plugin:all_agents", "nothing:x"), "No module named 'all_checked.nothing'"),
        (GOOD.replace("all_checked.plugin:all_agents", "sys:path"), "sys:path cannot be called"),
        ("import numpy\n" + textwrap.dedent(GOOD), "imports numpy"),
        (GOOD.replace("    yield", "    import numpy\n        yield"), "one of its hooks imports numpy"),
        (
            """
            @hookimpl
            def all_presets():
                yield PresetRecord(
                    name="x", target="json:dumps", summary="s", agent="a.b", domain="d", default_frames=1
                )
            """,
            "json:dumps is no PresetBuilder",
        ),
        (
            """
            @hookimpl
            def all_environments():
                yield EnvironmentRecord(name="x", target="json:dumps", names="all_checked.plugin:names", summary="s")

            def names():
                return ["Pong", "Pong"]
            """,
            "its names must be texts, each once",
        ),
    ],
)
def test_what_does_not_hold_is_found(problems, text, message):
    found = problems(text)
    assert len(found) == 1
    assert message in found[0]
    with pytest.raises(AssertionError, match="plugin 'checked':\n- "):
        check_plugin("checked", "all_checked.plugin")


def test_a_heavy_package_around_a_light_module_is_found(problems):
    assert "imports numpy" in problems(GOOD, init="import numpy\n")[0]


def test_an_installed_plugin_is_found_by_its_namespace():
    assert problems_of("nobody-has-this") == ["0 installed distributions announce it; it must be exactly one"]
    assert not any("installed distributions" in problem for problem in problems_of("core"))


class TestFixture:
    def test_it_holds_the_core_and_what_it_was_given(self, allcore_registry):  # noqa: F811
        record = AgentRecord(name="x", target="a:b", summary="s")
        registry = allcore_registry({"mine": SimpleNamespace(all_agents=hookimpl(lambda: [record]))})
        assert allcore.plugins.registry() is registry
        assert [status.namespace for status in registry.plugins()] == ["core", "mine"]
        assert registry.find("loggers", "csv").key == "core.csv"

    def test_it_is_strict(self, allcore_registry):  # noqa: F811
        with pytest.raises(PluginError, match="lacks the decorator"):
            allcore_registry({"mine": SimpleNamespace(all_agents=list)})

    def test_it_leaves_nothing_behind(self):
        namespaces = {status.namespace for status in allcore.plugins.registry().plugins()}
        assert "mine" not in namespaces
