"""Records: what a plugin's registration hooks return.

A record says that something exists and where it lies. It is made without importing the thing itself: `target`
is text, and is imported when a user asks for that very thing. Records are checked when they are made.
A field that is added later has a default, so that plugins written before it go on working.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from allcore.errors import PluginError
from allcore.keys import NAME_GRAMMAR, is_key, is_name

#: `package.module:attribute`. The first part may also be a plugin file's name, which allows `-`.
_TARGET = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")

#: What a setting's `type` may be, and the type of its value.
SETTING_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": tuple}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _is_value(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool)) or _is_texts(value)


# What a field's annotation asks for. A field of another type needs a line here.
_CHECKS: dict[str, Callable[[object], bool]] = {
    "str": _is_text,
    "str | None": _is_text_or_none,
    "int": _is_integer,
    "tuple[str, ...]": _is_texts,
    "str | int | float | bool | tuple[str, ...] | None": _is_value,
}


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every record has.

    Args:
        name: The second half of the key: lower-case letters, digits, `_` and `-`. The namespace comes first by
            itself, so write `dqn`, not `atari.dqn`.
        summary: One line for `all list`.
        tags: Words to filter lists by, each in the grammar of a name.

    Raises:
        PluginError: A field has the wrong type or form.
    """

    noun: ClassVar[str] = "record"

    name: str
    summary: str
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not _CHECKS[str(field.type)](value):
                self._refuse(f"{field.name} is {value!r}, but must be of type {field.type}")
        if not is_name(self.name):
            self._refuse(f"the name must be {NAME_GRAMMAR}")
        if not self.summary.strip() or "\n" in self.summary:
            self._refuse("the summary must be one line that says what it is")
        if not all(map(is_name, self.tags)):
            self._refuse(f"each tag must be {NAME_GRAMMAR}; they are {self.tags!r}")
        for name in ("target", "names"):
            target = getattr(self, name, None)
            if target is not None and _TARGET.fullmatch(target) is None:
                self._refuse(f"{name} is {target!r}, but must look like 'package.module:attribute'")
        domain = getattr(self, "domain", None)
        if domain is not None and not is_name(domain):
            self._refuse(f"domain is {domain!r}, but must be {NAME_GRAMMAR}")

    def _refuse(self, why: str) -> None:
        raise PluginError(f"{type(self).__name__} {self.name!r}: {why}.")


@dataclass(frozen=True, kw_only=True)
class PresetRecord(Record):
    """An agent composed for a domain, with its hyperparameters: what `--preset` names.

    Args:
        target: A `PresetBuilder`.
        agent: The full key of the agent that it composes, such as `agents.dqn`.
        domain: The kind of environments that it is for, such as `atari`.
        default_frames: How long a run is when nobody says, in agent steps.
    """

    noun: ClassVar[str] = "preset"

    target: str
    agent: str
    domain: str
    default_frames: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_key(self.agent):
            self._refuse(f"agent is {self.agent!r}, but must be a full key such as 'agents.dqn'")
        if self.default_frames <= 0:
            self._refuse(f"default_frames is {self.default_frames}, but must be positive")


@dataclass(frozen=True, kw_only=True)
class AgentRecord(Record):
    """An algorithm.

    Args:
        target: The class, an `Agent`, `ParallelAgent` or `Multiagent`.
    """

    noun: ClassVar[str] = "agent"

    target: str


@dataclass(frozen=True, kw_only=True)
class EnvironmentRecord(Record):
    """A family of environments: it turns the text after `--env` into an environment.

    Args:
        target: A function `make(name, *, device="cpu", seed=None, **options)` that returns an `Environment`.
        names: A function without arguments that returns the names it knows, and imports no simulator for that.
        domain: The domain whose presets find bare names here; None for a family that any preset may use.
        examples: A few of its names, for help texts.
    """

    noun: ClassVar[str] = "environment family"

    target: str
    names: str
    domain: str | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WrapperRecord(Record):
    """Something to put around an environment: what `--wrap` names.

    Args:
        target: A callable `wrap(environment)` that returns an `Environment`.
        domain: The domain that it is for; None for any.
    """

    noun: ClassVar[str] = "wrapper"

    target: str
    domain: str | None = None


@dataclass(frozen=True, kw_only=True)
class BodyRecord(Record):
    """Something to put around an agent.

    Args:
        target: A `Body` class, or a callable `body(agent)` that returns an agent.
        domain: The domain that it is for; None for any.
    """

    noun: ClassVar[str] = "body"

    target: str
    domain: str | None = None


@dataclass(frozen=True, kw_only=True)
class LoggerRecord(Record):
    """A place where a run's numbers go: what `--logger` names.

    Args:
        target: A `Logger` class.
    """

    noun: ClassVar[str] = "logger"

    target: str


@dataclass(frozen=True, kw_only=True)
class ExecutorRecord(Record):
    """A way to carry out run specifications: what `--executor` names.

    Args:
        target: An `Executor` class.
    """

    noun: ClassVar[str] = "executor"

    target: str


@dataclass(frozen=True, kw_only=True)
class CommandRecord(Record):
    """A command, typed as `all NAMESPACE NAME`. Its summary is the line in `--help`.

    Args:
        target: A click command or group.
    """

    noun: ClassVar[str] = "command"

    target: str


@dataclass(frozen=True, kw_only=True)
class SettingRecord(Record):
    """A value that a plugin reads from its user's surroundings, such as a cluster's partition.

    It is set in the table `[<namespace>]` of `all.toml`, or in the environment variable `ALL_<NAMESPACE>_<NAME>`, in capitals
    and with `_` for `-`, which goes first; and read with `allcore.plugins.registry().setting("slurm.partition")`.

    Args:
        type: `str`, `int`, `float`, `bool` or `list` (of text; a tuple in Python, one item a line in the variable).
        default: Its value when nobody sets it; None when there is none.
    """

    noun: ClassVar[str] = "setting"

    type: str = "str"
    default: str | int | float | bool | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.type not in SETTING_TYPES:
            self._refuse(f"type is {self.type!r}, but must be one of {', '.join(SETTING_TYPES)}")
        if self.default is not None and type(self.default) is not SETTING_TYPES[self.type]:
            self._refuse(f"default is {self.default!r}, which is not of its type {self.type}")


@dataclass(frozen=True, kw_only=True)
class HealthCheckRecord(Record):
    """A question that `all doctor` asks.

    Args:
        target: A function without arguments. It returns one line that says what it found, or raises an exception
            whose message says what is wrong and what to do.
    """

    noun: ClassVar[str] = "health check"

    target: str


#: Each kind of record. The hook that registers a kind is called `all_<kind>`.
KINDS: dict[str, type[Record]] = {
    "agents": AgentRecord,
    "presets": PresetRecord,
    "environments": EnvironmentRecord,
    "wrappers": WrapperRecord,
    "bodies": BodyRecord,
    "loggers": LoggerRecord,
    "executors": ExecutorRecord,
    "commands": CommandRecord,
    "settings": SettingRecord,
    "health_checks": HealthCheckRecord,
}


def record_as_dict(record: Record) -> dict[str, Any]:
    """Turn a record into a dict that JSON can hold, its fields in alphabetical order."""
    values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in sorted(values.items())}
