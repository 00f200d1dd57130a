import sys
import types

import gymnasium
import pytest

from allcore.environments.resolve import _PLUGINS, resolve_environment
from allcore.errors import (
    ConflictError,
    DomainError,
    PluginError,
    UnknownEnvironmentError,
    UnknownKeyError,
    UsageError,
)
from allcore.plugins import EnvironmentRecord, registry, reset

FACTORY = """
import gymnasium
from allcore.environments import GymEnvironment

def make(length=7):
    return gymnasium.make("CartPole-v1", max_episode_steps=length)

def make_ours(device):
    return GymEnvironment("Acrobot-v1", device)

def make_badly(length=7):
    return range(length)

def make_nothing():
    return None

number = 3
"""


@pytest.fixture
def my_module(tmp_path):
    """A module in the folder in which the user typed the command (tests run in tmp_path)."""
    (tmp_path / "my_envs.py").write_text(FACTORY)
    yield
    sys.modules.pop("my_envs", None)


class FakeEntry:
    def __init__(self, key, domain, names, examples=()):
        name = key.partition(".")[2]
        self.key, self.names = key, names
        self.record = EnvironmentRecord(
            name=name, target="a:b", names="a:c", summary=name, domain=domain, examples=examples
        )


class FakeRegistry:
    def __init__(self, *entries):
        self.entries = entries

    def records(self, kind):
        assert kind == "environments"
        return list(self.entries)

    def plugins(self):
        return []

    def find(self, kind, text):
        found = [entry for entry in self.records(kind) if text in (entry.key, entry.record.name)]
        if len(found) > 1:
            raise ConflictError("several")
        return found[0]

    def load(self, entry, field="target"):
        if entry.names is None:
            raise PluginError("broken")
        if field == "names":
            return lambda: list(entry.names)
        return lambda name, *, device, **options: (entry.key, name, device, options)


@pytest.fixture
def families(monkeypatch):
    fake = FakeRegistry(
        FakeEntry("arcade.games", "arcade", ["Pong", "Tetris"], examples=("Pong",)),
        FakeEntry("classic.control", "classic", ["CartPole-v1"], examples=("CartPole-v1",)),
        FakeEntry("core.gym", None, ["CartPole-v1", "Frozen-v1"]),
        FakeEntry("acme.broken", "robots", None),
    )
    monkeypatch.setattr("allcore.environments.resolve.registry", lambda: fake)
    return fake


@pytest.mark.parametrize(
    ("text", "domain", "found"),
    [
        ("Pong", "arcade", ("arcade.games", "Pong")),
        ("pong", "arcade", ("arcade.games", "pong")),  # the family knows its spellings
        ("games:Pong", "arcade", ("arcade.games", "Pong")),
        ("arcade.games:Pong", "arcade", ("arcade.games", "Pong")),
        ("gym:pkg:A/B-v1", "arcade", ("core.gym", "pkg:A/B-v1")),
        ("Pong", None, ("arcade.games", "Pong")),
        ("games:Pong", None, ("arcade.games", "Pong")),
        # Gymnasium has the name, too, but the domain's only family knows better what is wrong with it.
        ("Frozen-v1", "arcade", ("arcade.games", "Frozen-v1")),
    ],
)
def test_names_find_their_family(families, text, domain, found):
    options = {"length": 3}
    assert resolve_environment(text, domain=domain, device="cpu", options=options) == (*found, "cpu", options)


@pytest.mark.parametrize(
    ("text", "domain", "error", "message"),
    [
        ("CartPole-v1", "arcade", DomainError, r"'classic' \(classic.control\).*'arcade'(?s:.*)Pong"),
        ("games:Pong", "classic", DomainError, r"'arcade'(?s:.*)CartPole-v1"),
        ("Frozen-v1", None, UnknownEnvironmentError, "Did you mean 'gym:Frozen-v1'"),
        ("Pogn", None, UnknownEnvironmentError, "Did you mean 'Pong'"),
        ("Pong", "martian", DomainError, "'arcade'"),
        ("Robot", "robots", PluginError, "broken"),
        ("gam:Pong", "arcade", UnknownEnvironmentError, "Did you mean 'games'"),
    ],
)
def test_mistakes_are_explained(families, text, domain, error, message):
    with pytest.raises(error, match=message):
        resolve_environment(text, domain=domain)


def test_a_name_that_two_families_of_a_domain_have(families):
    families.entries += (FakeEntry("acme.games2", "arcade", ["Pong", "Chess"]),)
    assert resolve_environment("Chess", domain="arcade")[0] == "acme.games2"
    with pytest.raises(UnknownEnvironmentError, match="'arcade.games:Pong' or 'acme.games2:Pong'"):
        resolve_environment("Pong", domain="arcade")
    with pytest.raises(UnknownEnvironmentError, match="Did you mean 'Chess'"):
        resolve_environment("Ches", domain="arcade")


def test_the_core_family_makes_what_gymnasium_has():
    env = resolve_environment("gym:CartPole-v1", domain="anything", options={"max_episode_steps": 3})
    assert (env.key, env.options) == ("gym:CartPole-v1", {"max_episode_steps": 3})
    assert "CartPole-v1" in registry().load(registry().find("environments", "gym"), "names")()


def test_functions_of_the_users_own(my_module):
    path = list(sys.path)
    env = resolve_environment("my_envs:make", domain="anything", options={"length": 2})
    assert (env.key, env.name, env.options) == ("my_envs:make", "make", {"length": 2})
    vector = env.duplicate(2)
    vector.reset(seed=0)
    assert [vector.step([0, 1]).done.tolist() for _ in range(2)] == [[False, False], [True, True]]
    ours = resolve_environment("my_envs:make_ours", domain=None, device="cpu")
    assert ours.key == "gym:Acrobot-v1"
    assert sys.path == path


def test_what_already_is_an_environment_class():
    env = resolve_environment("gymnasium.envs.classic_control:AcrobotEnv", domain=None)
    assert isinstance(env._env, gymnasium.Env)
    assert env.duplicate(2).num_envs == 2


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("my_envs:mak", UnknownEnvironmentError, "Did you mean 'make'"),
        ("my_envs:number", UnknownEnvironmentError, "no function 'number'"),
        ("my_env:make", UnknownEnvironmentError, "neither a family"),
        ("my_envs.deep:make", UnknownEnvironmentError, "neither a family"),
        ("my_envs:make_nothing", UsageError, "returned a NoneType"),
    ],
)
def test_mistakes_in_functions_are_explained(my_module, text, error, message):
    with pytest.raises(error, match=message):
        resolve_environment(text, domain=None)


def test_wrong_options_of_a_function(my_module):
    with pytest.raises(UsageError, match="unexpected keyword argument 'width'"):
        resolve_environment("my_envs:make", domain=None, options={"width": 2})


def test_what_a_function_raises_is_told_with_its_line(my_module):
    with pytest.raises(
        UsageError, match=r"make_badly' cannot be made with the options length='x': TypeError.*py, line \d+"
    ):
        resolve_environment("my_envs:make_badly", domain=None, options={"length": "x"})


def test_a_plugin_that_is_left_out_is_named_rather_than_a_module_of_its_name(monkeypatch):
    monkeypatch.setenv("ALL_PLUGINS_DISABLE", "classic")
    monkeypatch.setitem(sys.modules, "classic", sys)
    reset()
    try:
        for text in ("classic:CartPole-v1", "classic.classic:CartPole-v1"):
            with pytest.raises(
                UnknownKeyError, match=r"ALL_PLUGINS_DISABLE names it.*\n.*Leave out that switch"
            ):
                resolve_environment(text, domain=None)
    finally:
        reset()


def test_a_plugin_that_is_not_installed_is_named_where_no_module_of_the_users_is_meant(families, monkeypatch):
    simulator = types.ModuleType("mujoco")
    simulator.make = lambda: gymnasium.make("CartPole-v1")
    monkeypatch.setitem(sys.modules, "mujoco", simulator)
    with pytest.raises(UnknownEnvironmentError, match="pip install all-mujoco"):
        resolve_environment("mujoco:HalfCheetah-v5", domain=None)
    with pytest.raises(UnknownEnvironmentError, match="pip install all-pettingzoo"):
        resolve_environment("pettingzoo:no-such-game", domain=None)
    assert resolve_environment("mujoco:make", domain=None).name == "make"


def test_every_installed_family_is_among_those_that_can_be_proposed():
    families = {entry.record.name for entry in registry().records("environments")}
    assert families - {"gym"} <= set(_PLUGINS)


def test_a_package_that_the_users_module_lacks(tmp_path):
    (tmp_path / "my_broken.py").write_text("import no_such_package")
    with pytest.raises(UsageError, match="needs 'no_such_package'"):
        resolve_environment("my_broken:make", domain=None)
