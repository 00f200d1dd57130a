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
        AgentRecord(
            name="qrdqn",
            target="all_agents.agents.qrdqn:QRDQN",
            summary="Quantile-regression DQN (Dabney et al., 2018)",
            tags=("value-based", "off-policy", "discrete-actions", "distributional"),
        ),
        AgentRecord(
            name="iqn",
            target="all_agents.agents.iqn:IQN",
            summary="Implicit quantile networks (Dabney et al., 2018)",
            tags=("value-based", "off-policy", "discrete-actions", "distributional"),
        ),
        AgentRecord(
            name="pqn",
            target="all_agents.agents.pqn:PQN",
            summary="Parallelised Q-network: no replay, no target network (Gallici et al., 2024)",
            tags=("value-based", "discrete-actions", "parallel"),
        ),
        AgentRecord(
            name="a2c",
            target="all_agents.agents.a2c:A2C",
            summary="Advantage actor-critic (Mnih et al., 2016), synchronous",
            tags=("actor-critic", "on-policy", "discrete-actions", "continuous-actions", "parallel"),
        ),
        AgentRecord(
            name="ppo",
            target="all_agents.agents.ppo:PPO",
            summary="Proximal policy optimization (Schulman et al., 2017)",
            tags=("actor-critic", "on-policy", "discrete-actions", "continuous-actions", "parallel"),
        ),
        AgentRecord(
            name="discrete_sac",
            target="all_agents.agents.discrete_sac:DiscreteSAC",
            summary="Soft actor-critic for discrete actions (Christodoulou, 2019)",
            tags=("actor-critic", "off-policy", "discrete-actions", "maximum-entropy"),
        ),
        AgentRecord(
            name="ddpg",
            target="all_agents.agents.ddpg:DDPG",
            summary="Deep deterministic policy gradient (Lillicrap et al., 2016)",
            tags=("actor-critic", "off-policy", "continuous-actions"),
        ),
        AgentRecord(
            name="td3",
            target="all_agents.agents.td3:TD3",
            summary="Twin delayed deep deterministic policy gradient (Fujimoto et al., 2018)",
            tags=("actor-critic", "off-policy", "continuous-actions"),
        ),
        AgentRecord(
            name="sac",
            target="all_agents.agents.sac:SAC",
            summary="Soft actor-critic with a learnt temperature (Haarnoja et al., 2018)",
            tags=("actor-critic", "off-policy", "continuous-actions", "maximum-entropy"),
        ),
        AgentRecord(
            name="tqc",
            target="all_agents.agents.tqc:TQC",
            summary="Truncated quantile critics (Kuznetsov et al., 2020)",
            tags=("actor-critic", "off-policy", "continuous-actions", "maximum-entropy", "distributional"),
        ),
        AgentRecord(
            name="crossq",
            target="all_agents.agents.crossq:CrossQ",
            summary="Soft actor-critic with batch normalisation and no target network (Bhatt et al., 2024)",
            tags=("actor-critic", "off-policy", "continuous-actions", "maximum-entropy"),
        ),
        AgentRecord(
            name="vqn",
            target="all_agents.agents.vqn:VQN",
            summary="Vanilla Q-learning, online (Watkins, 1989)",
            tags=("value-based", "off-policy", "discrete-actions"),
        ),
        AgentRecord(
            name="vsarsa",
            target="all_agents.agents.vsarsa:VSarsa",
            summary="Vanilla SARSA, online (Rummery and Niranjan, 1994)",
            tags=("value-based", "on-policy", "discrete-actions"),
        ),
        AgentRecord(
            name="vac",
            target="all_agents.agents.vac:VAC",
            summary="Vanilla one-step actor-critic (Sutton and Barto, 2018)",
            tags=("policy-gradient", "on-policy", "discrete-actions", "continuous-actions"),
        ),
        AgentRecord(
            name="vpg",
            target="all_agents.agents.vpg:VPG",
            summary="Vanilla policy gradient: REINFORCE with a baseline (Williams, 1992)",
            tags=("policy-gradient", "on-policy", "discrete-actions", "continuous-actions"),
        ),
        AgentRecord(
            name="independent",
            target="all_agents.agents.independent:IndependentMultiagent",
            summary="An agent for each of several players, which learns on its own (Tan, 1993)",
            tags=("multi-agent",),
        ),
    ]
