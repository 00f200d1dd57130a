"""What the namespace `agents` registers: the algorithms."""

from allcore.plugins import AgentRecord, hookimpl


@hookimpl
def all_agents() -> list[AgentRecord]:
    """Announce the agents."""
    return [
        AgentRecord(
            name="dqn",
            target="all_agents.agents.dqn:DQN",
            summary="Deep Q-Network (Mnih et al., 2015)",
            tags=("value-based", "off-policy", "discrete-actions"),
        ),
    ]
