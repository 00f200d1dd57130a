"""Presets for tasks whose actions are vectors: Pendulum, MountainCarContinuous, LunarLander, BipedalWalker, your own."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_agents.presets.continuous.a2c import a2c as a2c
    from all_agents.presets.continuous.crossq import crossq as crossq
    from all_agents.presets.continuous.ddpg import ddpg as ddpg
    from all_agents.presets.continuous.ppo import ppo as ppo
    from all_agents.presets.continuous.sac import sac as sac
    from all_agents.presets.continuous.td3 import td3 as td3
    from all_agents.presets.continuous.tqc import tqc as tqc
    from all_agents.presets.continuous.vpg import vpg as vpg

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "a2c": "all_agents.presets.continuous.a2c",
        "ppo": "all_agents.presets.continuous.ppo",
        "crossq": "all_agents.presets.continuous.crossq",
        "ddpg": "all_agents.presets.continuous.ddpg",
        "sac": "all_agents.presets.continuous.sac",
        "td3": "all_agents.presets.continuous.td3",
        "tqc": "all_agents.presets.continuous.tqc",
        "vpg": "all_agents.presets.continuous.vpg",
    },
)
