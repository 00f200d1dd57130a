"""The family `mujoco`: Gymnasium's MuJoCo tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from all_mujoco.names import TASKS, names
from allcore.environments import GymEnvironment
from allcore.errors import UnknownEnvironmentError
from allcore.keys import did_you_mean

if TYPE_CHECKING:
    import torch


class MujocoEnvironment(GymEnvironment):
    """One of Gymnasium's MuJoCo tasks.

    Args:
        name: such as `HalfCheetah-v5`. Older versions work where Gymnasium has them, but their scores do not compare with
            version 5: Ant and Humanoid of version 4 hide the contact forces, and rewards differ.
        device: where the tensors of its states go.
        **options: passed to `gymnasium.make`, such as `render_mode` or `ctrl_cost_weight`.

    Raises:
        UnknownEnvironmentError: there is no such task.
    """

    def __init__(self, name: str, device: torch.device | str = "cpu", **options: Any) -> None:
        if name.rpartition("-v")[0] not in TASKS:
            hint = did_you_mean(name, names()) or f"There are {', '.join(names())}."
            raise UnknownEnvironmentError(f"There is no MuJoCo task {name!r}.", hint=hint)
        super().__init__(name, device, key=f"mujoco:{name}", **options)


def make(name: str, *, device: torch.device | str = "cpu", **options: Any) -> MujocoEnvironment:
    """Make the task `name`: the target of the family."""
    return MujocoEnvironment(name, device, **options)
