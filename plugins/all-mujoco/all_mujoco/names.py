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
    """Gymnasium's ids: the tasks in version 5, and in version 4 where this MuJoCo can run it."""
    newest = [f"{task}-v5" for task in TASKS]
    return newest + [f"{task}-v4" for task in TASKS if task != "Pusher"]
