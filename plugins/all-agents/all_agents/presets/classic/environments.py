"""The family `classic`: Gymnasium's classic control tasks. Importing this imports neither Gymnasium nor torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.errors import UnknownEnvironmentError
from allcore.keys import did_you_mean

if TYPE_CHECKING:
    import torch

    from allcore.environments import GymEnvironment

_NAMES = (
    "Acrobot-v1",
    "CartPole-v0",
    "CartPole-v1",
    "MountainCar-v0",
    "MountainCarContinuous-v0",
    "Pendulum-v1",
)


def names() -> list[str]:
    """The tasks' names, which are Gymnasium's ids."""
    return list(_NAMES)


def make(name: str, *, device: torch.device | str = "cpu", **options: Any) -> GymEnvironment:
    """Make the task `name`: the target of the family.

    Args:
        name: one of `names()`.
        device: where the tensors of its states go.
        **options: passed to `gymnasium.make`.

    Raises:
        UnknownEnvironmentError: there is no such task.
    """
    from allcore.environments import GymEnvironment

    if name not in _NAMES:
        hint = did_you_mean(name, _NAMES) or f"There are {', '.join(_NAMES)}; 'gym:{name}' asks Gymnasium."
        raise UnknownEnvironmentError(f"There is no classic control task {name!r}.", hint=hint)
    return GymEnvironment(name, device, key=f"classic:{name}", **options)
