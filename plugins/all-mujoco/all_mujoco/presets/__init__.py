"""Presets for MuJoCo."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_mujoco.presets.crossq import crossq as crossq
    from all_mujoco.presets.ddpg import ddpg as ddpg
    from all_mujoco.presets.ddpg_tuned import ddpg_tuned as ddpg_tuned
    from all_mujoco.presets.ppo import ppo as ppo
    from all_mujoco.presets.ppo2 import ppo2 as ppo2
    from all_mujoco.presets.sac import sac as sac
    from all_mujoco.presets.sac_tuned import sac_tuned as sac_tuned
    from all_mujoco.presets.td3 import td3 as td3
    from all_mujoco.presets.td3_tuned import td3_tuned as td3_tuned
    from all_mujoco.presets.tqc import tqc as tqc

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "crossq": "all_mujoco.presets.crossq",
        "ddpg": "all_mujoco.presets.ddpg",
        "ddpg_tuned": "all_mujoco.presets.ddpg_tuned",
        "ppo": "all_mujoco.presets.ppo",
        "ppo2": "all_mujoco.presets.ppo2",
        "sac": "all_mujoco.presets.sac",
        "sac_tuned": "all_mujoco.presets.sac_tuned",
        "td3": "all_mujoco.presets.td3",
        "td3_tuned": "all_mujoco.presets.td3_tuned",
        "tqc": "all_mujoco.presets.tqc",
    },
)
