"""The contracts of agents."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.agents.agent import Agent as Agent, Multiagent as Multiagent, ParallelAgent as ParallelAgent
    from allcore.agents.policy_agent import PolicyAgent as PolicyAgent

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Agent": "allcore.agents.agent",
        "ParallelAgent": "allcore.agents.agent",
        "Multiagent": "allcore.agents.agent",
        "PolicyAgent": "allcore.agents.policy_agent",
    },
)
