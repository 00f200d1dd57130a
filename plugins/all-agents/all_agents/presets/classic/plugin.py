"""What the namespace `classic` registers: presets for classic control, and its environments."""

from allcore.plugins import EnvironmentRecord, PresetRecord, hookimpl


@hookimpl
def all_presets() -> list[PresetRecord]:
    """Announce the presets."""
    return [
        PresetRecord(
            name="dqn",
            target="all_agents.presets.classic.dqn:dqn",
            summary="DQN on a small fully connected network",
            agent="agents.dqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="ddqn",
            target="all_agents.presets.classic.ddqn:ddqn",
            summary="Double DQN on a small fully connected network",
            agent="agents.ddqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="c51",
            target="all_agents.presets.classic.c51:c51",
            summary="C51 on a small fully connected network",
            agent="agents.c51",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="rainbow",
            target="all_agents.presets.classic.rainbow:rainbow",
            summary="Rainbow on a small noisy dueling network",
            agent="agents.rainbow",
            domain="classic",
            default_frames=100_000,
        ),
    ]


@hookimpl
def all_environments() -> list[EnvironmentRecord]:
    """Announce Gymnasium's classic control tasks."""
    return [
        EnvironmentRecord(
            name="classic",
            target="all_agents.presets.classic.environments:make",
            summary="Gymnasium's classic control tasks",
            domain="classic",
            names="all_agents.presets.classic.environments:names",
            examples=("CartPole-v1", "Acrobot-v1", "MountainCar-v0"),
        ),
    ]
