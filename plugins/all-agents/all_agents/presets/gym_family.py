"""What the families of Gymnasium's own tasks have in common. Importing this imports neither Gymnasium nor torch."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from allcore.errors import UnknownEnvironmentError, UsageError
from allcore.keys import did_you_mean

if TYPE_CHECKING:
    import torch

    from allcore.environments import GymEnvironment

#: The tasks with Box2D's physics, which is an optional package.
BOX2D = ("BipedalWalker-v3", "BipedalWalkerHardcore-v3", "LunarLander-v3", "LunarLanderContinuous-v3")


def make_task(
    family: str, name: str, names: Sequence[str], device: torch.device | str, options: dict[str, Any]
) -> GymEnvironment:
    """Make one of a family's tasks.

    Args:
        family: the family's name.
        name: the task's.
        names: those that the family has.
        device: where the tensors of its states go.
        options: passed to `gymnasium.make`.

    Raises:
        UnknownEnvironmentError: there is no such task.
        UsageError: it needs Box2D, which is not installed.
    """
    from allcore.environments import GymEnvironment

    if name not in names:
        hint = did_you_mean(name, names) or f"There are {', '.join(names)}; 'gym:{name}' asks Gymnasium."
        raise UnknownEnvironmentError(f"There is no {family} control task {name!r}.", hint=hint)
    if name in BOX2D:
        _import_box2d(name)
    return GymEnvironment(name, device, key=f"{family}:{name}", **options)


def _import_box2d(name: str) -> None:
    if find_spec("Box2D") is None:
        raise UsageError(
            f"{name} needs Box2D, which is not installed.", hint='pip install "all-agents[box2d]"'
        )
    # Its compiled half warns on import, and crashes the process where a warning is made an error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("Box2D")
