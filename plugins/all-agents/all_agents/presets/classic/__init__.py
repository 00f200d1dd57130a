"""Presets for Gymnasium's classic control tasks: CartPole, Acrobot, MountainCar."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_agents.presets.classic.c51 import c51 as c51
    from all_agents.presets.classic.ddqn import ddqn as ddqn
    from all_agents.presets.classic.dqn import dqn as dqn
    from all_agents.presets.classic.rainbow import rainbow as rainbow

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "c51": "all_agents.presets.classic.c51",
        "ddqn": "all_agents.presets.classic.ddqn",
        "dqn": "all_agents.presets.classic.dqn",
        "rainbow": "all_agents.presets.classic.rainbow",
    },
)
