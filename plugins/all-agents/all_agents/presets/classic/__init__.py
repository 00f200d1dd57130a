"""Presets for Gymnasium's classic control tasks: CartPole, Acrobot, MountainCar."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_agents.presets.classic.a2c import a2c as a2c
    from all_agents.presets.classic.c51 import c51 as c51
    from all_agents.presets.classic.ddqn import ddqn as ddqn
    from all_agents.presets.classic.discrete_sac import discrete_sac as discrete_sac
    from all_agents.presets.classic.dqn import dqn as dqn
    from all_agents.presets.classic.dqn_tiles import dqn_tiles as dqn_tiles
    from all_agents.presets.classic.iqn import iqn as iqn
    from all_agents.presets.classic.ppo import ppo as ppo
    from all_agents.presets.classic.pqn import pqn as pqn
    from all_agents.presets.classic.qrdqn import qrdqn as qrdqn
    from all_agents.presets.classic.rainbow import rainbow as rainbow
    from all_agents.presets.classic.vac import vac as vac
    from all_agents.presets.classic.vpg import vpg as vpg
    from all_agents.presets.classic.vqn import vqn as vqn
    from all_agents.presets.classic.vsarsa import vsarsa as vsarsa

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "a2c": "all_agents.presets.classic.a2c",
        "c51": "all_agents.presets.classic.c51",
        "ddqn": "all_agents.presets.classic.ddqn",
        "discrete_sac": "all_agents.presets.classic.discrete_sac",
        "dqn": "all_agents.presets.classic.dqn",
        "dqn_tiles": "all_agents.presets.classic.dqn_tiles",
        "iqn": "all_agents.presets.classic.iqn",
        "ppo": "all_agents.presets.classic.ppo",
        "pqn": "all_agents.presets.classic.pqn",
        "qrdqn": "all_agents.presets.classic.qrdqn",
        "rainbow": "all_agents.presets.classic.rainbow",
        "vqn": "all_agents.presets.classic.vqn",
        "vsarsa": "all_agents.presets.classic.vsarsa",
        "vac": "all_agents.presets.classic.vac",
        "vpg": "all_agents.presets.classic.vpg",
    },
)
