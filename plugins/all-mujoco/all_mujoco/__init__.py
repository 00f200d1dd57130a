"""MuJoCo: continuous control environments."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_mujoco.environments import MujocoEnvironment as MujocoEnvironment

__getattr__, __dir__, __all__ = attach(__name__, {"MujocoEnvironment": "all_mujoco.environments"})
