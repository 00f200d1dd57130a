"""The agents, one file per algorithm."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_agents.agents.a2c import A2C as A2C
    from all_agents.agents.c51 import C51 as C51
    from all_agents.agents.crossq import CrossQ as CrossQ
    from all_agents.agents.ddpg import DDPG as DDPG
    from all_agents.agents.ddqn import DDQN as DDQN
    from all_agents.agents.discrete_sac import DiscreteSAC as DiscreteSAC
    from all_agents.agents.dqn import DQN as DQN
    from all_agents.agents.independent import IndependentMultiagent as IndependentMultiagent
    from all_agents.agents.iqn import IQN as IQN
    from all_agents.agents.ppo import PPO as PPO
    from all_agents.agents.pqn import PQN as PQN
    from all_agents.agents.qrdqn import QRDQN as QRDQN
    from all_agents.agents.rainbow import Rainbow as Rainbow
    from all_agents.agents.sac import SAC as SAC
    from all_agents.agents.td3 import TD3 as TD3
    from all_agents.agents.tqc import TQC as TQC
    from all_agents.agents.vac import VAC as VAC
    from all_agents.agents.vpg import VPG as VPG
    from all_agents.agents.vqn import VQN as VQN
    from all_agents.agents.vsarsa import VSarsa as VSarsa

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "A2C": "all_agents.agents.a2c",
        "C51": "all_agents.agents.c51",
        "CrossQ": "all_agents.agents.crossq",
        "DDPG": "all_agents.agents.ddpg",
        "DDQN": "all_agents.agents.ddqn",
        "DiscreteSAC": "all_agents.agents.discrete_sac",
        "DQN": "all_agents.agents.dqn",
        "IndependentMultiagent": "all_agents.agents.independent",
        "IQN": "all_agents.agents.iqn",
        "PPO": "all_agents.agents.ppo",
        "PQN": "all_agents.agents.pqn",
        "QRDQN": "all_agents.agents.qrdqn",
        "Rainbow": "all_agents.agents.rainbow",
        "SAC": "all_agents.agents.sac",
        "TD3": "all_agents.agents.td3",
        "TQC": "all_agents.agents.tqc",
        "VAC": "all_agents.agents.vac",
        "VPG": "all_agents.agents.vpg",
        "VQN": "all_agents.agents.vqn",
        "VSarsa": "all_agents.agents.vsarsa",
    },
)
