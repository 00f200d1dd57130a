"""Where plugins come from: the metadata of installed distributions, and files."""

import json
import os
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

import allcore.plugins
from allcore.errors import ConflictError, PluginError, UsageError
from allcore.plugins import AgentRecord, Registry, Switches, discovery, hookimpl
from allcore.plugins.discovery import from_module

PLUGIN = """
    from allcore.plugins import AgentRecord, hookimpl

    @hookimpl
    def all_agents():
        yield AgentRecord(name="x", target=f"{__name__}:agent", summary="An agent.")
        yield AgentRecord(name="y", target="my-idea:agent", summary="The same one.")
        yield AgentRecord(name="z", target="neighbour:agent", summary="In a module beside it.")

    agent = ["the agent"]
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def install(folder, name, entry_points, version="1.0"):
    """Write the metadata of an installed distribution, and nothing else."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    write(info / "entry_points.txt", entry_points)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on the path, and nothing of the real environment on it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder)])
    return folder


class TestInstalled:
    def test_each_is_found_with_its_distribution(self, site):
        install(
            site,
            "all-robot",
            "[allcore.plugins]\nrobot = all_robot.plugin\narm = all_robot.arm:plugin\n",
            "1.2",
        )
        install(site, "unrelated", "[console_scripts]\nrobot = unrelated:main\n")
        announcements, problems = discovery.installed()
        assert [(a.namespace, a.module_name, a.describe()) for a in announcements] == [
            ("arm", "all_robot.arm", ("all-robot", "1.2")),
            ("robot", "all_robot.plugin", ("all-robot", "1.2")),
        ]
        assert problems == []

    def test_what_a_distribution_says_twice_counts_once(self, site):
        install(site, "all-robot", "[allcore.plugins]\nrobot = all_robot.plugin\nrobot = all_robot.plugin\n")
        announcements, _ = discovery.installed()
        assert [a.namespace for a in announcements] == ["robot"]

    def test_a_distribution_that_is_found_twice_counts_once(self, site, tmp_path, monkeypatch):
        second = tmp_path / "second"
        for folder, version in ((site, "2.0"), (second, "1.0")):
            install(folder, "all-robot", "[allcore.plugins]\nrobot = all_robot.plugin\n", version)
        monkeypatch.setattr(sys, "path", [str(site), str(second)])
        announcements, _ = discovery.installed()
        assert [a.describe() for a in announcements] == [("all-robot", "2.0")]

    @pytest.mark.parametrize(
        "damage", [b"[allcore.plugins]\nno equals sign\n", b"[allcore.plugins]\n\xff\xfe = x\n"]
    )
    def test_damaged_metadata_of_anybody_harms_nobody(self, site, tmp_path, monkeypatch, damage, caplog):
        second = tmp_path / "second"
        install(site, "all-robot", "[allcore.plugins]\nrobot = all_robot.plugin\n")
        install(second, "all-robot", "[allcore.plugins]\nrobot = all_robot.older\n")
        install(site, "damaged", "")
        (site / "damaged-1.0.dist-info" / "entry_points.txt").write_bytes(damage)
        monkeypatch.setattr(sys, "path", [str(site), str(second)])
        announcements, problems = discovery.installed()
        assert [a.module_name for a in announcements] == ["all_robot.plugin"]
        assert len(problems) == 1
        assert "damaged-1.0.dist-info" in problems[0]
        Registry(switches=Switches(disable=frozenset({"robot"})))
        assert caplog.messages == [
            f"{problems[0]}; plugins announced there are left out. Run 'all doctor' for more."
        ]

    @pytest.mark.parametrize("value", ["not a module", "", "a.b:"])
    def test_a_malformed_value_costs_that_plugin_alone(self, site, value, caplog):
        install(site, "all-robot", f"[allcore.plugins]\nrobot = {value}\n")
        write(site / "good_plugin.py", PLUGIN)
        install(site, "all-good", "[allcore.plugins]\ngood = good_plugin\n")
        registry = Registry(switches=Switches())
        assert [status.state for status in registry.plugins()] == ["loaded", "broken"]
        assert len(caplog.messages) == 1
        assert "plugin 'robot' (all-robot 1.0) is left out" in caplog.messages[0]


class TestFile:
    @pytest.fixture
    def file(self, tmp_path):
        write(tmp_path / "neighbour.py", "agent = 'the neighbour'")
        yield write(tmp_path / "my-idea.py", PLUGIN)
        sys.modules.pop("neighbour", None)

    @pytest.fixture(autouse=True)
    def _path(self, monkeypatch):
        monkeypatch.setattr(sys, "path", list(sys.path))

    def test_its_name_is_its_namespace_and_its_targets_resolve(self, file):
        registry = Registry([], switches=Switches(files=(file,)))
        entries = registry.records("agents")
        assert [entry.key for entry in entries] == ["my-idea.x", "my-idea.y", "my-idea.z"]
        assert [registry.load(entry) for entry in entries] == [["the agent"], ["the agent"], "the neighbour"]
        # The file was executed once: both targets are the same object.
        assert registry.load(entries[0]) is registry.load(entries[1])
        assert registry.plugins()[0].distribution == str(file)

    def test_it_does_not_hide_a_module_of_its_name(self, tmp_path):
        file = write(tmp_path / "json.py", PLUGIN)
        Registry([], switches=Switches(files=(file,)))
        assert sys.modules["json"] is json
        assert sys.path[0] != str(tmp_path)

    def test_other_switches_leave_it_alone(self, file):
        switches = Switches(files=(file,), no_plugins=True, allow=frozenset())
        assert len(Registry([], switches=switches).records("agents")) == 3

    def test_it_is_read_again_by_another_registry(self, file):
        Registry([], switches=Switches(files=(file,)))
        write(file, PLUGIN.replace("the agent", "another agent"))
        os.utime(file, (1, 1))
        registry = Registry([], switches=Switches(files=(file,)))
        assert registry.load(registry.find("agents", "x")) == ["another agent"]

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("idea.py", None, "there is no such Python file"),
            ("idea.txt", "", "there is no such Python file"),
            ("My Idea.py", "", "becomes the plugin's namespace"),
        ],
    )
    def test_a_file_that_cannot_be_one(self, tmp_path, name, text, message):
        if text is not None:
            write(tmp_path / name, text)
        with pytest.raises(UsageError, match=message):
            Registry([], switches=Switches(files=(tmp_path / name,)))

    def test_a_broken_file_was_asked_for_and_is_an_error(self, tmp_path):
        file = write(tmp_path / "idea.py", "import sys\nsys.exit('no')")
        with pytest.raises(PluginError, match="SystemExit: no") as caught:
            Registry([], switches=Switches(files=(file,)))
        assert isinstance(caught.value.__cause__, SystemExit)
        assert "allcore_plugin_idea" not in sys.modules

    def test_a_taken_namespace_is_an_error(self, file):
        with pytest.raises(ConflictError, match="my-idea"):
            Registry([from_module("my-idea", SimpleNamespace())], switches=Switches(files=(file,)))


class TestDefaultRegistry:
    @pytest.fixture(autouse=True)
    def _clean(self, site):
        allcore.plugins.reset()
        yield
        allcore.plugins.reset()

    def test_it_is_made_once(self):
        assert allcore.plugins.registry() is allcore.plugins.registry()

    def test_it_can_be_configured_before_and_again(self, tmp_path):
        file = write(tmp_path / "idea.py", PLUGIN)
        allcore.plugins.configure(files=[file])
        first = allcore.plugins.registry()
        assert first.find("agents", "idea.x")
        allcore.plugins.configure(files=[str(file)])
        assert allcore.plugins.registry() is first
        allcore.plugins.configure(no_plugins=True)
        assert allcore.plugins.registry().records("agents") == []

    def test_environment_variables_are_read_at_first_use(self, site, monkeypatch):
        install(site, "all-robot", "[allcore.plugins]\nrobot = no_such_module\n")
        monkeypatch.setenv("ALL_PLUGINS_STRICT", "1")
        with pytest.raises(PluginError, match="no_such_module"):
            allcore.plugins.registry()
        monkeypatch.setenv("ALL_PLUGINS_DISABLE", "robot")
        assert allcore.plugins.registry().plugins()[0].state == "disabled"

    def test_another_one_for_a_while(self):
        record = AgentRecord(name="x", target="a:b", summary="s")
        mine = Registry([from_module("a", SimpleNamespace(all_agents=hookimpl(lambda: [record])))])
        before = allcore.plugins.registry()
        with allcore.plugins.using(mine):
            assert allcore.plugins.registry() is mine
        assert allcore.plugins.registry() is before


def test_importing_does_nothing_and_drags_in_nothing_heavy():
    code = """
        import sys
        from allcore.plugins import default, registry
        assert default._registry is None
        heavy = ("torch", "numpy", "gymnasium", "click", "rich", "logging", "packaging", "difflib")
        print([name for name in heavy if name in sys.modules])
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "[]\n"
