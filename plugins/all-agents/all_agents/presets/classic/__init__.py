"""Presets for Gymnasium's classic control tasks: CartPole, Acrobot, MountainCar."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_agents.presets.classic.dqn import dqn as dqn

__getattr__, __dir__, __all__ = attach(__name__, {"dqn": "all_agents.presets.classic.dqn"})
