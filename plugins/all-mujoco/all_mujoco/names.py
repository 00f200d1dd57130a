"""The names of the MuJoCo tasks, without importing a simulator."""

TASKS = (
    "Ant",
    "HalfCheetah",
    "Hopper",
    "Humanoid",
    "HumanoidStandup",
    "InvertedDoublePendulum",
    "InvertedPendulum",
    "Pusher",
    "Reacher",
    "Swimmer",
    "Walker2d",
)


def names() -> list[str]:
    """The tasks in their newest version: Gymnasium's ids."""
    return [f"{task}-v5" for task in TASKS]
