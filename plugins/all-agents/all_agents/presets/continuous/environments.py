"""The family `continuous`: Gymnasium's small tasks whose actions are vectors. Imports neither Gymnasium nor torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from all_agents.presets.gym_family import make_task

if TYPE_CHECKING:
    import torch

    from allcore.environments import GymEnvironment

_NAMES = (
    "BipedalWalker-v3",
    "BipedalWalkerHardcore-v3",
    "LunarLanderContinuous-v3",
    "MountainCarContinuous-v0",
    "Pendulum-v1",
)


def names() -> list[str]:
    """The tasks' names, which are Gymnasium's ids."""
    return list(_NAMES)


def make(name: str, *, device: torch.device | str = "cpu", **options: Any) -> GymEnvironment:
    """Make the task `name`: the target of the family.

    Args:
        name: one of `names()`. LunarLander and BipedalWalker need `pip install "all-agents[box2d]"`.
        device: where the tensors of its states go.
        **options: passed to `gymnasium.make`.

    Raises:
        UnknownEnvironmentError: there is no such task.
        UsageError: it needs Box2D, which is not installed.
    """
    return make_task("continuous", name, _NAMES, device, options)
