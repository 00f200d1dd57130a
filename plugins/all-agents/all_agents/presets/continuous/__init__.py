"""Presets for tasks whose actions are vectors: Pendulum, MountainCarContinuous, LunarLander, BipedalWalker, your own."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_agents.presets.continuous.vpg import vpg as vpg

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "vpg": "all_agents.presets.continuous.vpg",
    },
)
