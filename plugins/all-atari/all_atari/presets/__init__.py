"""Presets for Atari 2600 games."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_atari.presets.a2c import a2c as a2c
    from all_atari.presets.c51 import c51 as c51
    from all_atari.presets.ddqn import ddqn as ddqn
    from all_atari.presets.discrete_sac import discrete_sac as discrete_sac
    from all_atari.presets.dqn import dqn as dqn
    from all_atari.presets.dqn_tuned import dqn_tuned as dqn_tuned
    from all_atari.presets.iqn import iqn as iqn
    from all_atari.presets.ppo import ppo as ppo
    from all_atari.presets.ppo2 import ppo2 as ppo2
    from all_atari.presets.pqn import pqn as pqn
    from all_atari.presets.qrdqn import qrdqn as qrdqn
    from all_atari.presets.rainbow import rainbow as rainbow
    from all_atari.presets.vac import vac as vac
    from all_atari.presets.vpg import vpg as vpg
    from all_atari.presets.vqn import vqn as vqn
    from all_atari.presets.vsarsa import vsarsa as vsarsa

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "a2c": "all_atari.presets.a2c",
        "c51": "all_atari.presets.c51",
        "ddqn": "all_atari.presets.ddqn",
        "discrete_sac": "all_atari.presets.discrete_sac",
        "dqn": "all_atari.presets.dqn",
        "dqn_tuned": "all_atari.presets.dqn_tuned",
        "iqn": "all_atari.presets.iqn",
        "ppo": "all_atari.presets.ppo",
        "ppo2": "all_atari.presets.ppo2",
        "pqn": "all_atari.presets.pqn",
        "qrdqn": "all_atari.presets.qrdqn",
        "rainbow": "all_atari.presets.rainbow",
        "vqn": "all_atari.presets.vqn",
        "vsarsa": "all_atari.presets.vsarsa",
        "vac": "all_atari.presets.vac",
        "vpg": "all_atari.presets.vpg",
    },
)
