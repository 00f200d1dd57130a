"""The contracts of agents."""

from allcore._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Agent": "allcore.agents.agent",
        "ParallelAgent": "allcore.agents.agent",
        "Multiagent": "allcore.agents.agent",
    },
)
