"""The registration hooks: a plugin says what it has.

A registration hook is named `all_<kind>`. It takes no arguments and returns an iterable of records of that kind; it
may be a generator. It is called once per process, the first time that anybody asks for anything registered. It does
no I/O, imports nothing heavy (no torch, no simulator) and finishes within 50 milliseconds: it only says that things
exist. A plugin implements those it needs. If one of its hooks raises, the plugin is left out with a message, and
everybody else goes on.

The examples are complete plugin modules. `target` is text, `package.module:attribute`, and is imported when a user
asks for that thing.
"""

from __future__ import annotations

from collections.abc import Iterable

from allcore.plugins.markers import hookspec
from allcore.plugins.records import (
    AgentRecord,
    BodyRecord,
    CommandRecord,
    EnvironmentRecord,
    ExecutorRecord,
    HealthCheckRecord,
    LoggerRecord,
    PresetRecord,
    SettingRecord,
    WrapperRecord,
)


@hookspec
def all_agents() -> Iterable[AgentRecord]:  # type: ignore[empty-body]
    """Register algorithms.

    When: once per process, before anything registered is used.
    Returns: an iterable of `AgentRecord`; each target is an `Agent`, `ParallelAgent` or `Multiagent` class.
    May not: import the module with the class, read files, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import AgentRecord, hookimpl


    @hookimpl
    def all_agents():
        yield AgentRecord(
            name="sarsa",
            target="all_robot.sarsa:SARSA",
            summary="Sarsa with linear features.",
            tags=("value-based",),
        )
    ```
    """


@hookspec
def all_presets() -> Iterable[PresetRecord]:  # type: ignore[empty-body]
    """Register presets, which `all run --preset KEY` names.

    When: once per process, before anything registered is used.
    Returns: an iterable of `PresetRecord`; each target is a `PresetBuilder`.
    May not: import the module with the preset, read files, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import PresetRecord, hookimpl


    @hookimpl
    def all_presets():
        yield PresetRecord(
            name="sarsa",
            target="all_robot.presets:sarsa",
            summary="Sarsa on the robot's sixteen sensors.",
            agent="robot.sarsa",
            domain="robot",
            default_frames=200_000,
        )
    ```
    """


@hookspec
def all_environments() -> Iterable[EnvironmentRecord]:  # type: ignore[empty-body]
    """Register families of environments, which turn the text after `--env` into an environment.

    When: once per process, before anything registered is used.
    Returns: an iterable of `EnvironmentRecord`; each target is a function
        `make(name, *, device="cpu", seed=None, **options)` that returns an `Environment`, and `names` is a
        function without arguments that returns the names it knows.
    May not: import a simulator, look for its files, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import EnvironmentRecord, hookimpl


    @hookimpl
    def all_environments():
        yield EnvironmentRecord(
            name="robot",
            target="all_robot.environment:make",
            names="all_robot.tasks:names",
            summary="The robot in simulation.",
            domain="robot",
            examples=("Reach", "Push"),
        )
    ```
    """


@hookspec
def all_wrappers() -> Iterable[WrapperRecord]:  # type: ignore[empty-body]
    """Register wrappers around environments, which `--wrap KEY` names.

    When: once per process, before anything registered is used.
    Returns: an iterable of `WrapperRecord`; each target is a callable that takes an `Environment` and returns one.
    May not: import the module with the wrapper, read files, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import WrapperRecord, hookimpl


    @hookimpl
    def all_wrappers():
        yield WrapperRecord(
            name="noisy",
            target="all_robot.wrappers:NoisySensors",
            summary="Adds noise to each sensor.",
            domain="robot",
        )
    ```
    """


@hookspec
def all_bodies() -> Iterable[BodyRecord]:  # type: ignore[empty-body]
    """Register bodies: wrappers around agents that change what they see and do.

    When: once per process, before anything registered is used.
    Returns: an iterable of `BodyRecord`; each target is a `Body` class, or a callable that takes an agent and
        returns one.
    May not: import the module with the body, read files, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import BodyRecord, hookimpl


    @hookimpl
    def all_bodies():
        yield BodyRecord(
            name="scaled",
            target="all_robot.bodies:ScaledRewards",
            summary="Divides rewards by a hundred.",
        )
    ```
    """


@hookspec
def all_loggers() -> Iterable[LoggerRecord]:  # type: ignore[empty-body]
    """Register loggers, which `--logger KEY` names.

    When: once per process, before anything registered is used.
    Returns: an iterable of `LoggerRecord`; each target is a `Logger` class.
    May not: open files or connections, import the logger's library, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import LoggerRecord, hookimpl


    @hookimpl
    def all_loggers():
        yield LoggerRecord(
            name="sqlite",
            target="all_robot.sqlite:SQLiteLogger",
            summary="One table per run in an SQLite file.",
        )
    ```
    """


@hookspec
def all_executors() -> Iterable[ExecutorRecord]:  # type: ignore[empty-body]
    """Register executors, which `--executor KEY` names.

    When: once per process, before anything registered is used.
    Returns: an iterable of `ExecutorRecord`; each target is an `Executor` class.
    May not: look for a cluster or call its commands, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import ExecutorRecord, hookimpl


    @hookimpl
    def all_executors():
        yield ExecutorRecord(
            name="ssh",
            target="all_robot.ssh:SSHExecutor",
            summary="Runs on another machine.",
        )
    ```
    """


@hookspec
def all_commands() -> Iterable[CommandRecord]:  # type: ignore[empty-body]
    """Register commands, which a user types as `all NAMESPACE NAME`.

    When: once per process, before anything registered is used.
    Returns: an iterable of `CommandRecord`; each target is a click command or group. `all --help` shows the
        summary and does not import it.
    May not: import click or the command's module, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import CommandRecord, hookimpl


    @hookimpl
    def all_commands():
        yield CommandRecord(
            name="calibrate",
            target="all_robot.cli:calibrate",
            summary="Measure the range of each joint.",
        )
    ```
    """


@hookspec
def all_settings() -> Iterable[SettingRecord]:  # type: ignore[empty-body]
    """Register settings: values that the plugin reads from its user's surroundings.

    When: once per process, before anything registered is used.
    Returns: an iterable of `SettingRecord`. The setting `partition` of the plugin `slurm` is set in the
        table `[slurm]` of `all.toml` or in the environment variable `ALL_SLURM_PARTITION`, and read with
        `registry().setting("slurm.partition")`.
    May not: read the setting's value already, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import SettingRecord, hookimpl


    @hookimpl
    def all_settings():
        yield SettingRecord(name="port", type="int", default=4000, summary="Where the simulator listens.")
    ```
    """


@hookspec
def all_health_checks() -> Iterable[HealthCheckRecord]:  # type: ignore[empty-body]
    """Register questions that `all doctor` asks.

    When: once per process, before anything registered is used.
    Returns: an iterable of `HealthCheckRecord`; each target is a function without arguments that returns one line
        saying what it found, or raises an exception whose message says what is wrong and what to do.
    May not: make the check already, or take more than 50 milliseconds.

    Example:
    ```python
    from allcore.plugins import HealthCheckRecord, hookimpl


    @hookimpl
    def all_health_checks():
        yield HealthCheckRecord(
            name="simulator",
            target="all_robot.health:simulator",
            summary="Is the simulator installed?",
        )
    ```
    """
