"""What the namespace `mujoco` registers."""

from allcore.plugins import EnvironmentRecord, hookimpl


@hookimpl
def all_environments() -> list[EnvironmentRecord]:
    """Announce Gymnasium's MuJoCo tasks."""
    return [
        EnvironmentRecord(
            name="mujoco",
            target="all_mujoco.environments:make",
            summary="Gymnasium's MuJoCo tasks",
            domain="mujoco",
            names="all_mujoco.names:names",
            examples=("HalfCheetah-v5", "Ant-v5", "Hopper-v5"),
        ),
    ]
