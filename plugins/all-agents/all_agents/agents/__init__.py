"""The agents, one file per algorithm."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_agents.agents.dqn import DQN as DQN

__getattr__, __dir__, __all__ = attach(__name__, {"DQN": "all_agents.agents.dqn"})
