"""The family `classic`: Gymnasium's small control tasks. Importing this imports neither Gymnasium nor torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from all_agents.presets.gym_family import make_task

if TYPE_CHECKING:
    import torch

    from allcore.environments import GymEnvironment

_NAMES = (
    "Acrobot-v1",
    "CartPole-v0",
    "CartPole-v1",
    "LunarLander-v3",
    "MountainCar-v0",
)


def names() -> list[str]:
    """The tasks' names, which are Gymnasium's ids."""
    return list(_NAMES)


def make(name: str, *, device: torch.device | str = "cpu", **options: Any) -> GymEnvironment:
    """Make the task `name`: the target of the family.

    Args:
        name: one of `names()`. LunarLander needs `pip install "all-agents[box2d]"`.
        device: where the tensors of its states go.
        **options: passed to `gymnasium.make`.

    Raises:
        UnknownEnvironmentError: there is no such task.
        UsageError: it needs Box2D, which is not installed.
    """
    return make_task("classic", name, _NAMES, device, options)
