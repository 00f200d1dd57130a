"""What the core itself registers, through the same hooks as any plugin: namespace `core`."""

from __future__ import annotations

from allcore.plugins import BodyRecord, EnvironmentRecord, ExecutorRecord, LoggerRecord, hookimpl


@hookimpl
def all_environments() -> list[EnvironmentRecord]:
    """Announce whatever Gymnasium has."""
    return [
        EnvironmentRecord(
            name="gym",
            target="allcore.environments.gym_registry:make",
            summary="Any environment registered with Gymnasium, by its id",
            domain=None,
            names="allcore.environments.gym_registry:names",
            examples=("gym:CartPole-v1",),
        ),
    ]


@hookimpl
def all_bodies() -> list[BodyRecord]:
    """Announce the bodies."""
    return [
        BodyRecord(
            name="clip-rewards",
            target="allcore.bodies.clip_rewards:ClipRewards",
            summary="Rewards to their signs",
        ),
        BodyRecord(
            name="episodic-lives",
            target="allcore.bodies.episodic_lives:EpisodicLives",
            summary="A life lost is worth nothing more, in a game that goes on",
        ),
        BodyRecord(
            name="frame-stack",
            target="allcore.bodies.frame_stack:FrameStack",
            summary="The last frames as one observation, without copies",
        ),
        BodyRecord(
            name="time-feature",
            target="allcore.bodies.time_feature:TimeFeature",
            summary="The time since the episode began, as one more feature",
        ),
    ]


@hookimpl
def all_loggers() -> list[LoggerRecord]:
    """Announce the loggers."""
    return [
        LoggerRecord(
            name="tensorboard",
            target="allcore.logging.tensorboard_logger:TensorBoardLogger",
            summary="Event files for TensorBoard",
        ),
        LoggerRecord(
            name="csv",
            target="allcore.logging.csv_logger:CsvLogger",
            summary="returns100.csv, episodes.csv and evaluations.csv",
        ),
        LoggerRecord(
            name="jsonl",
            target="allcore.logging.json_lines_logger:JsonLinesLogger",
            summary="events.jsonl: everything, one JSON object a line",
        ),
        LoggerRecord(
            name="console",
            target="allcore.logging.console_logger:ConsoleLogger",
            summary="A live line of progress on the terminal",
        ),
    ]


@hookimpl
def all_executors() -> list[ExecutorRecord]:
    """Announce the executor that needs nothing."""
    return [
        ExecutorRecord(
            name="local",
            target="allcore.executors.local:LocalExecutor",
            summary="On this machine, one run after the other or several at once",
        ),
    ]
