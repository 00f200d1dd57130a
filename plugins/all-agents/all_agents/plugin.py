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
        AgentRecord(
            name="ddqn",
            target="all_agents.agents.ddqn:DDQN",
            summary="Double DQN (van Hasselt et al., 2016)",
            tags=("value-based", "off-policy", "discrete-actions"),
        ),
        AgentRecord(
            name="c51",
            target="all_agents.agents.c51:C51",
            summary="Distributional Q-learning on fixed atoms (Bellemare et al., 2017)",
            tags=("value-based", "off-policy", "discrete-actions", "distributional"),
        ),
        AgentRecord(
            name="rainbow",
            target="all_agents.agents.rainbow:Rainbow",
            summary="Rainbow: six improvements of DQN in one (Hessel et al., 2018)",
            tags=("value-based", "off-policy", "discrete-actions", "distributional"),
        ),
    ]
