"""The registry: what it collects, what it finds, and what it says when it finds nothing."""

import json
import logging
import sys
from types import SimpleNamespace

import pytest

from allcore.errors import ConflictError, PluginError, UnknownKeyError, UsageError
from allcore.plugins import (
    AgentRecord,
    EnvironmentRecord,
    HealthCheckRecord,
    PresetRecord,
    Registry,
    SettingRecord,
    Switches,
    hookimpl,
)
from allcore.plugins.discovery import from_module


def plugin(**hooks):
    """A plugin in memory with these functions."""
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def returning(*records):
    return lambda: list(records)


def agent(name, target="json:dumps"):
    return AgentRecord(name=name, target=target, summary="An agent.")


def preset(name):
    return PresetRecord(
        name=name, target="json:dumps", summary="A preset.", agent="a.x", domain="d", default_frames=1
    )


def make(plugins, **switches):
    return Registry([from_module(name, it) for name, it in plugins.items()], switches=Switches(**switches))


@pytest.fixture
def registry():
    return make(
        {
            "beta": plugin(all_agents=returning(agent("two"), agent("same"))),
            "alpha": plugin(
                all_agents=returning(agent("one"), agent("same")), all_presets=returning(preset("p"))
            ),
        }
    )


class TestCollecting:
    def test_keys_are_sorted_and_carry_their_plugin(self, registry):
        entries = registry.records("agents")
        assert [entry.key for entry in entries] == ["alpha.one", "alpha.same", "beta.same", "beta.two"]
        assert entries[3].plugin.namespace == "beta"
        assert registry.records("loggers") == []

    def test_an_entry_becomes_json(self, registry):
        entry = registry.find("agents", "alpha.one")
        assert json.loads(json.dumps(entry.as_dict())) == {
            "kind": "agents",
            "key": "alpha.one",
            "plugin": "alpha",
            "name": "one",
            "summary": "An agent.",
            "tags": [],
            "target": "json:dumps",
        }

    def test_status_of_each_plugin(self, registry):
        alpha, beta = registry.plugins()
        assert (alpha.namespace, alpha.state, alpha.counts) == (
            "alpha",
            "loaded",
            {"agents": 2, "presets": 1},
        )
        assert (beta.namespace, beta.message, beta.line()) == ("beta", "", "")
        assert json.loads(json.dumps(alpha.as_dict()))["records"] == {"agents": 2, "presets": 1}

    def test_an_unknown_kind(self, registry):
        with pytest.raises(UsageError, match="'presets'"):
            registry.records("preset")

    def test_a_hook_under_another_name_of_the_function(self):
        module = SimpleNamespace(mine=hookimpl(specname="all_agents")(returning(agent("x"))))
        assert make({"a": module}).find("agents", "a.x")


class TestFinding:
    def test_by_key_and_by_bare_name(self, registry):
        assert registry.find("agents", "beta.same").key == "beta.same"
        assert registry.find("agents", "two").key == "beta.two"

    def test_an_ambiguous_bare_name_lists_the_keys(self, registry):
        with pytest.raises(UnknownKeyError, match=r"Several plugins have an agent 'same'") as caught:
            registry.find("agents", "same")
        assert caught.value.hint == "Say which one: alpha.same, beta.same."

    def test_an_unknown_key_gets_the_nearest(self, registry):
        with pytest.raises(UnknownKeyError, match=r"^There is no agent 'alpha.on'\.") as caught:
            registry.find("agents", "alpha.on")
        assert caught.value.hint == "Did you mean 'alpha.one'? 'all list agents' shows what there is."

    def test_a_key_of_another_kind(self, registry):
        with pytest.raises(UnknownKeyError, match=r"'alpha.p' is a preset, not an agent"):
            registry.find("agents", "alpha.p")

    @pytest.mark.parametrize("text", ["", ".", "one\n", "alpha.one.two", "ALPHA.ONE", "alpha/one"])
    def test_odd_texts_are_unknown_keys(self, registry, text):
        with pytest.raises(UnknownKeyError):
            registry.find("agents", text)

    def test_a_key_of_a_broken_plugin_quotes_the_cause(self):
        def broken():
            raise OSError("the licence is missing")

        registry = make({"bad": plugin(all_agents=broken), "good": plugin(all_agents=returning(agent("x")))})
        with pytest.raises(PluginError, match="OSError: the licence is missing") as caught:
            registry.find("agents", "bad.y")
        assert isinstance(caught.value.__cause__, OSError)
        with pytest.raises(UnknownKeyError, match="could not be loaded: bad; see 'all doctor'"):
            registry.find("agents", "y")
        assert registry.find("agents", "good.x")

    def test_a_key_of_a_disabled_plugin_names_the_switch(self):
        registry = make({"a": plugin(all_agents=returning(agent("x")))}, disable=frozenset({"a"}))
        with pytest.raises(UnknownKeyError, match="because ALL_PLUGINS_DISABLE names it"):
            registry.find("agents", "a.x")


class TestLoading:
    def load(self, target):
        registry = make({"a": plugin(all_agents=returning(agent("x", target)))})
        return registry.load(registry.find("agents", "x"))

    def test_a_target_is_imported_when_asked_for(self, tmp_path, monkeypatch):
        (tmp_path / "late_target.py").write_text("class Outer:\n    inner = 3\n")
        monkeypatch.syspath_prepend(tmp_path)
        registry = make({"a": plugin(all_agents=returning(agent("x", "late_target:Outer.inner")))})
        assert "late_target" not in sys.modules
        assert registry.load(registry.find("agents", "x")) == 3

    def test_another_field(self):
        family = EnvironmentRecord(name="x", summary="s", target="json:dumps", names="json:loads")
        registry = make({"a": plugin(all_environments=returning(family))})
        assert registry.load(registry.find("environments", "x"), "names") is json.loads

    def test_a_missing_module(self):
        with pytest.raises(PluginError, match=r"agent 'a.x' cannot be loaded: ModuleNotFoundError") as caught:
            self.load("no_such_module:x")
        assert isinstance(caught.value.__cause__, ModuleNotFoundError)
        assert caught.value.exit_code == 3
        assert "no_such_module" in str(caught.value)

    def test_a_missing_attribute_gets_the_nearest(self):
        with pytest.raises(PluginError, match="Did you mean 'dumps'"):
            self.load("json:dumpsy")

    def test_the_first_cause_is_quoted(self, tmp_path, monkeypatch):
        (tmp_path / "wrapping.py").write_text(
            "try:\n    raise OSError('libfoo.so.2 is missing')\n"
            "except OSError as error:\n    raise RuntimeError('failed to load') from error\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(
            PluginError, match=r"failed to load \(first cause: OSError: libfoo.so.2 is missing\)"
        ):
            self.load("wrapping:x")

    @pytest.mark.parametrize(
        ("then", "quoted"),
        [
            ("raise RuntimeError('after')", r"RuntimeError: after \(first cause: KeyError: 'first'\)"),
            ("raise RuntimeError('after') from None", r"RuntimeError: after\."),
        ],
    )
    def test_what_the_author_leaves_out_is_left_out(self, tmp_path, monkeypatch, then, quoted):
        (tmp_path / "chained.py").write_text(f"try:\n    {{}}['first']\nexcept KeyError:\n    {then}\n")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(PluginError, match=quoted):
            self.load("chained:x")

    def test_a_target_that_exits(self, tmp_path, monkeypatch):
        (tmp_path / "exiting.py").write_text("import sys\nsys.exit('bye')\n")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(PluginError, match="SystemExit: bye"):
            self.load("exiting:x")


class TestSettingsAndHealth:
    def test_a_setting(self, monkeypatch):
        record = SettingRecord(name="port", type="int", default=4000, summary="s")
        registry = make({"a-b": plugin(all_settings=returning(record))})
        assert registry.setting("a-b.port") == 4000
        monkeypatch.setenv("ALL_A_B_PORT", "5")
        assert registry.setting("a-b.port") == 5

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("sys:getrecursionlimit", (True, str(sys.getrecursionlimit()))),
            ("sys:nothing", (False, "cannot be loaded")),
        ],
    )
    def test_a_health_check(self, target, expected):
        record = HealthCheckRecord(name="x", summary="s", target=target)
        registry = make({"a": plugin(all_health_checks=returning(record))})
        well, message = registry.check(registry.find("health_checks", "x"))
        assert well is expected[0]
        assert expected[1] in message

    def test_who_owns_a_module(self):
        module = plugin(all_agents=returning(agent("x")))
        module.__name__ = "all_robot.plugin"
        registry = make({"robot": module})
        assert registry.owner_of("all_robot.nets.conv").namespace == "robot"
        assert registry.owner_of("os") is None


ARGUMENTS = {"spec": {"seed": 0}, "folder": None, "frame": 7}


class TestNotifying:
    def test_each_gets_the_arguments_that_it_names(self):
        seen = []
        registry = make(
            {
                "b": plugin(all_run_started=lambda frame: seen.append(("b", frame))),
                "a": plugin(all_run_started=lambda spec, frame: seen.append(("a", spec, frame))),
                "c": plugin(all_run_finished=lambda: seen.append("never")),
            }
        )
        registry.notify("all_run_started", **ARGUMENTS)
        assert seen == [("a", {"seed": 0}, 7), ("b", 7)]

    def test_nobody_comes_first_by_saying_so(self):
        seen = []
        pushy = SimpleNamespace(all_run_started=hookimpl(lambda: seen.append("a"), tryfirst=True))
        other = plugin(all_run_started=lambda: seen.append("b"))
        make({"a": pushy, "b": other}).notify("all_run_started", **ARGUMENTS)
        make({"b": other, "a": pushy}).notify("all_run_started", **ARGUMENTS)
        assert seen == ["a", "b", "a", "b"]

    @pytest.mark.parametrize("error", [ValueError("no disk"), SystemExit(5)])
    def test_what_they_raise_is_logged_and_nothing_else(self, error, caplog):
        def bad():
            raise error

        seen = []
        registry = make(
            {"a": plugin(all_run_started=bad), "b": plugin(all_run_started=lambda: seen.append("b"))}
        )
        registry.notify("all_run_started", **ARGUMENTS)
        registry.notify("all_run_started", **ARGUMENTS)
        assert seen == ["b", "b"]
        assert [record.getMessage() for record in caplog.records] == [
            f"plugin 'a': all_run_started raised {type(error).__name__}: {error}; the run goes on"
        ] * 2
        assert [record.exc_info is not None for record in caplog.records] == [True, False]

    def test_nobody_can_change_what_the_run_sees(self):
        registry = make({"a": plugin(all_run_started=lambda spec: spec["seed"].clear())})
        spec = {"seed": {"root": 0}}
        registry.notify("all_run_started", spec=spec, folder=None, frame=0)
        assert spec == {"seed": {"root": 0}}

    @pytest.mark.parametrize(
        ("hook", "arguments"),
        [
            ("all_presets", {}),
            ("all_nothing", {}),
            ("all_run_started", {}),
            ("all_run_started", {"wrong": 1}),
        ],
    )
    def test_a_mistake_of_the_caller_is_told(self, registry, hook, arguments):
        with pytest.raises(TypeError, match=hook):
            registry.notify(hook, **arguments)


class TestStrictAndQuiet:
    BAD = staticmethod(lambda: 1 / 0)

    def test_strict_raises(self):
        with pytest.raises(PluginError, match="ZeroDivisionError") as caught:
            make({"bad": plugin(all_agents=self.BAD)}, strict=True)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    def test_strict_raises_for_a_conflict(self):
        announcements = [from_module("a", plugin()), from_module("a", plugin())]
        with pytest.raises(ConflictError):
            Registry(announcements, switches=Switches(strict=True))

    def test_a_warning_can_be_left_to_the_caller(self, caplog):
        with caplog.at_level(logging.DEBUG):
            registry = make({"bad": plugin(all_agents=self.BAD)}, warn=False)
        assert caplog.records == []
        assert registry.plugins()[0].state == "broken"
