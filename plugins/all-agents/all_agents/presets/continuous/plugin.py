"""What the namespace `continuous` registers: presets for actions that are vectors, and small tasks that have them."""

from allcore.plugins import EnvironmentRecord, PresetRecord, hookimpl


@hookimpl
def all_presets() -> list[PresetRecord]:
    """Announce the presets."""
    return []


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
