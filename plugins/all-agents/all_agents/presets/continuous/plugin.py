"""What the namespace `continuous` registers: presets for actions that are vectors, and small tasks that have them."""

from allcore.plugins import EnvironmentRecord, PresetRecord, hookimpl


@hookimpl
def all_presets() -> list[PresetRecord]:
    """Announce the presets."""
    return [
        PresetRecord(
            name="ddpg",
            target="all_agents.presets.continuous.ddpg:ddpg",
            summary="DDPG with fully connected networks",
            agent="agents.ddpg",
            domain="continuous",
            default_frames=20_000,
        ),
        PresetRecord(
            name="td3",
            target="all_agents.presets.continuous.td3:td3",
            summary="TD3 with fully connected networks",
            agent="agents.td3",
            domain="continuous",
            default_frames=20_000,
        ),
        PresetRecord(
            name="sac",
            target="all_agents.presets.continuous.sac:sac",
            summary="SAC with fully connected networks and a learnt temperature",
            agent="agents.sac",
            domain="continuous",
            default_frames=20_000,
        ),
        PresetRecord(
            name="tqc",
            target="all_agents.presets.continuous.tqc:tqc",
            summary="TQC with fully connected networks",
            agent="agents.tqc",
            domain="continuous",
            default_frames=20_000,
        ),
        PresetRecord(
            name="crossq",
            target="all_agents.presets.continuous.crossq:crossq",
            summary="CrossQ with fully connected, batch-normalised networks",
            agent="agents.crossq",
            domain="continuous",
            default_frames=20_000,
        ),
        PresetRecord(
            name="vpg",
            target="all_agents.presets.continuous.vpg:vpg",
            summary="REINFORCE with a baseline on two small fully connected networks",
            agent="agents.vpg",
            domain="continuous",
            default_frames=100_000,
        ),
        PresetRecord(
            name="a2c",
            target="all_agents.presets.continuous.a2c:a2c",
            summary="A2C on small fully connected networks, with observations and rewards normalised",
            agent="agents.a2c",
            domain="continuous",
            default_frames=1_000_000,
        ),
        PresetRecord(
            name="ppo",
            target="all_agents.presets.continuous.ppo:ppo",
            summary="PPO on small fully connected networks, with observations and rewards normalised",
            agent="agents.ppo",
            domain="continuous",
            default_frames=100_000,
        ),
    ]


@hookimpl
def all_environments() -> list[EnvironmentRecord]:
    """Announce Gymnasium's small tasks with actions that are vectors."""
    return [
        EnvironmentRecord(
            name="continuous",
            target="all_agents.presets.continuous.environments:make",
            summary="Gymnasium's small tasks with continuous actions",
            domain="continuous",
            names="all_agents.presets.continuous.environments:names",
            examples=("Pendulum-v1", "MountainCarContinuous-v0", "LunarLanderContinuous-v3"),
        ),
    ]
