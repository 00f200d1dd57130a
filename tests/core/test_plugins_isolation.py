"""Whatever is wrong with a plugin costs that plugin alone, and is told in one line."""

from types import SimpleNamespace

import pytest

from allcore.errors import ConflictError, PluginError, UnknownKeyError, UsageError
from allcore.plugins import AgentRecord, Registry, Switches, hookimpl
from allcore.plugins.discovery import Announcement, from_module
from allcore.plugins.loading import BUDGET


def agent(name="x"):
    return AgentRecord(name=name, target="json:dumps", summary="An agent.")


@hookimpl
def good_agents():
    return [agent("fine")]


GOOD = from_module("good", SimpleNamespace(all_agents=good_agents))


def announced(load, namespace="bad"):
    return Announcement(
        namespace=namespace, module_name="bad_module", load=load, describe=lambda: ("all-bad", "1.2")
    )


def hooks(**functions):
    """A plugin named `bad`, with these functions as hooks."""
    module = SimpleNamespace(**{name: hookimpl(function) for name, function in functions.items()})
    return announced(lambda: module)


def fail(error):
    raise error


def late():
    yield agent("first")
    raise ValueError("the second one failed")


BROKEN = {
    "import error": (announced(lambda: fail(ImportError("no libfoo"))), "ImportError: no libfoo"),
    "exit on import": (announced(lambda: fail(SystemExit(3))), "SystemExit: 3"),
    "hook that raises": (hooks(all_agents=lambda: fail(KeyError("home"))), "KeyError: 'home'"),
    "hook that exits": (hooks(all_agents=lambda: fail(SystemExit())), "SystemExit"),
    "generator that raises late": (hooks(all_agents=late), "ValueError: the second one failed"),
    "wrong signature": (hooks(all_agents=lambda config: []), "{'config'} are declared"),
    "nothing returned": (
        hooks(all_agents=lambda: None),
        "all_agents returned None, but must return AgentRecord",
    ),
    "not iterable": (hooks(all_agents=lambda: 3), "TypeError: 'int' object is not iterable"),
    "bad record": (
        hooks(all_agents=lambda: [AgentRecord(name="X", target="a:b", summary="s")]),
        "the name must be",
    ),
    "no record": (
        hooks(all_agents=lambda: [{"name": "x"}]),
        "all_agents returned {'name': 'x'}, but must return",
    ),
    "unknown field": (
        hooks(all_agents=lambda: [AgentRecord(colour="red")]),
        "unexpected keyword argument 'colour'",
    ),
    "record of another kind": (hooks(all_presets=lambda: [agent()]), "must return PresetRecord records"),
    "duplicate name": (hooks(all_agents=lambda: [agent(), agent()]), "returned the name 'x' twice"),
    "second hook broken": (
        hooks(all_agents=lambda: [agent()], all_presets=lambda: fail(OSError("disk"))),
        "OSError: disk",
    ),
    "bad namespace": (announced(SimpleNamespace, "Bad.Name"), "its namespace must be lower-case"),
    "bad specifier": (
        announced(lambda: SimpleNamespace(ALL_PLUGIN_API="1.0")),
        "ALL_PLUGIN_API is '1.0', but must look like",
    ),
    "specifier of a wrong type": (
        announced(lambda: SimpleNamespace(ALL_PLUGIN_API=1)),
        "ALL_PLUGIN_API is 1,",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_others_go_on(case, caplog):
    announcement, message = BROKEN[case]
    registry = Registry([announcement, GOOD], switches=Switches())
    assert [entry.key for entry in registry.records("agents")] == ["good.fine"]
    bad = next(status for status in registry.plugins() if status.namespace != "good")
    assert (bad.state, bad.usable, bad.counts) == ("broken", False, {})
    assert message in bad.message
    assert bad.error is not None
    assert caplog.messages == [
        f"plugin {announcement.namespace!r} ({bad.origin}) is left out: "
        f"{bad.message}. Run 'all doctor' for more."
    ]
    assert "\n" not in caplog.messages[0]


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_hears_of_no_run(case):
    announcement, _ = BROKEN[case]
    heard = []

    def load():
        module = announcement.load()
        module.all_run_started = hookimpl(lambda: heard.append("bad"))
        return module

    bad = Announcement(
        namespace=announcement.namespace, module_name="bad", load=load, describe=announcement.describe
    )
    Registry([bad], switches=Switches(warn=False)).notify("all_run_started", spec={}, folder=None, frame=0)
    assert heard == []


def test_an_interrupt_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        Registry([announced(lambda: fail(KeyboardInterrupt()))], switches=Switches())


def test_a_plugin_of_another_api(caplog):
    registry = Registry([announced(lambda: SimpleNamespace(ALL_PLUGIN_API=">=7")), GOOD], switches=Switches())
    assert registry.plugins()[0].state == "incompatible"
    assert caplog.messages == [
        "plugin 'bad' (all-bad 1.2) is left out: it needs plugin API >=7, and this allcore has 1.1. "
        "Run 'all doctor' for more."
    ]
    with pytest.raises(PluginError, match="plugin API >=7"):
        registry.find("agents", "bad.x")


def test_a_plugin_that_imports_what_a_later_api_has(caplog):
    def load():
        from allcore.plugins import TeapotRecord  # noqa: F401

    registry = Registry([announced(load)], switches=Switches())
    assert registry.plugins()[0].state == "incompatible"
    assert "'TeapotRecord'" in caplog.text
    assert "plugin API than ours, 1.1" in caplog.text


def test_a_plugin_that_imports_a_module_of_ours_that_is_not_there():
    def load():
        import allcore.nothing  # noqa: F401

    assert Registry([announced(load)], switches=Switches()).plugins()[0].state == "broken"


def test_one_module_under_two_namespaces(caplog):
    module = SimpleNamespace(all_agents=good_agents)
    registry = Registry([from_module("a", module), from_module("b", module)], switches=Switches())
    assert [entry.key for entry in registry.records("agents")] == ["a.fine"]
    assert "its module is plugin 'a' already; each namespace needs its own" in caplog.text


def test_a_misspelt_hook_costs_only_itself(caplog):
    registry = Registry([hooks(all_agents=lambda: [agent()], all_preset=good_agents)], switches=Switches())
    assert registry.plugins()[0].state == "warning"
    assert caplog.messages == [
        "plugin 'bad' (all-bad 1.2): there is no hook 'all_preset' (Did you mean 'all_presets'?). "
        "Run 'all doctor' for more."
    ]
    assert registry.find("agents", "bad.x")


def test_a_hook_that_a_plugin_calls_optional_is_no_mistake(caplog):
    module = SimpleNamespace(all_teapots=hookimpl(lambda: [agent()], optionalhook=True))
    assert Registry([from_module("a", module)], switches=Switches()).plugins()[0].state == "loaded"
    assert caplog.messages == []


def test_a_hook_without_its_marker(caplog):
    Registry([from_module("a", SimpleNamespace(all_agents=lambda: [agent()]))], switches=Switches())
    assert "'all_agents' lacks the decorator @hookimpl" in caplog.text


def test_a_wrapper_is_refused(caplog):
    module = SimpleNamespace(all_agents=hookimpl(late, wrapper=True))
    assert Registry([from_module("a", module)], switches=Switches()).plugins()[0].state == "broken"
    assert "all_agents is a wrapper" in caplog.text


@pytest.mark.parametrize(("seconds", "state"), [(BUDGET - 0.001, "loaded"), (BUDGET + 0.001, "warning")])
def test_a_slow_hook_is_told_and_kept(seconds, state, caplog):
    now = [0.0]

    def slow():
        now[0] += seconds
        yield agent()

    registry = Registry([hooks(all_agents=slow)], switches=Switches(), clock=lambda: now[0])
    assert registry.plugins()[0].state == state
    assert registry.plugins()[0].seconds == pytest.approx(seconds)
    assert registry.find("agents", "bad.x")
    assert ("all_agents took 51 ms" in caplog.text) == (state == "warning")


def test_what_a_plugin_prints_does_not_reach_the_output(capsys):
    Registry([hooks(all_agents=lambda: print("hello") or [])], switches=Switches())
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


class TestContestedNamespace:
    def test_nobody_gets_it(self, caplog):
        registry = Registry([hooks(all_agents=lambda: [agent()]), hooks(), GOOD], switches=Switches())
        assert [status.state for status in registry.plugins()] == ["contested", "contested", "loaded"]
        assert caplog.messages == [
            "namespace 'bad' is claimed by all-bad 1.2 and by all-bad 1.2, so none of them is loaded: "
            "uninstall or rename all but one. Run 'all doctor' for more."
        ]
        with pytest.raises(ConflictError, match="claimed by") as caught:
            registry.find("agents", "bad.x")
        assert caught.value.exit_code == 4
        assert registry.find("agents", "fine")

    def test_a_disabled_claim_is_no_claim(self):
        registry = Registry([hooks(), hooks()], switches=Switches(disable=frozenset({"bad"})))
        assert [status.state for status in registry.plugins()] == ["disabled", "disabled"]

    def test_the_core_keeps_its_own(self, caplog):
        ours = SimpleNamespace(__name__="allcore.builtin", all_agents=good_agents)
        registry = Registry(
            [announced(SimpleNamespace, "core"), from_module("core", ours)], switches=Switches()
        )
        assert registry.find("agents", "core.fine")
        assert [status.state for status in registry.plugins()] == ["contested", "loaded"]
        assert "only that is loaded" in caplog.text


class TestSwitches:
    def load(self, **environ):
        plugins = [
            from_module(name, SimpleNamespace(name=name, all_agents=good_agents))
            for name in ("a", "b", "core")
        ]
        registry = Registry(plugins, switches=Switches.from_environment(environ))
        return [status.namespace for status in registry.plugins() if status.usable]

    @pytest.mark.parametrize(
        ("environ", "loaded"),
        [
            ({}, ["a", "b", "core"]),
            ({"ALL_PLUGINS": "a"}, ["a", "core"]),
            ({"ALL_PLUGINS": " a, b"}, ["a", "b", "core"]),
            ({"ALL_PLUGINS": ""}, ["core"]),
            ({"ALL_PLUGINS_DISABLE": "b"}, ["a", "core"]),
            ({"ALL_PLUGINS": "a b", "ALL_PLUGINS_DISABLE": "b,core"}, ["a"]),
        ],
    )
    def test_allowing_and_disabling(self, environ, loaded):
        assert self.load(**environ) == loaded

    def test_no_plugins(self):
        plugins = [
            from_module(name, SimpleNamespace(name=name, all_agents=good_agents)) for name in ("a", "core")
        ]
        registry = Registry(plugins, switches=Switches(no_plugins=True))
        assert [entry.key for entry in registry.records("agents")] == ["core.fine"]
        with pytest.raises(UnknownKeyError, match="because --no-plugins was given"):
            registry.find("agents", "a.fine")

    def test_a_misspelt_name_is_told(self, caplog):
        Registry([GOOD], switches=Switches.from_environment({"ALL_PLUGINS": "goood"}))
        assert caplog.messages == [
            "ALL_PLUGINS names 'goood', but no such plugin is installed. Did you mean 'good'?"
        ]
        with pytest.raises(UsageError, match="goood"):
            Registry(
                [GOOD],
                switches=Switches.from_environment({"ALL_PLUGINS": "goood", "ALL_PLUGINS_STRICT": "1"}),
            )

    @pytest.mark.parametrize(
        ("text", "strict"), [("1", True), ("true", True), ("", False), ("0", False), ("No", False)]
    )
    def test_strict(self, text, strict):
        assert Switches.from_environment({"ALL_PLUGINS_STRICT": text}).strict is strict
