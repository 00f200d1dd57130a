"""What the namespace `continuous` registers: presets for actions that are vectors, and small tasks that have them."""

from allcore.plugins import EnvironmentRecord, PresetRecord, hookimpl


@hookimpl
def all_presets() -> list[PresetRecord]:
    """Announce the presets."""
    return [
        PresetRecord(
            name="vpg",
            target="all_agents.presets.continuous.vpg:vpg",
            summary="REINFORCE with a baseline on two small fully connected networks",
            agent="agents.vpg",
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
