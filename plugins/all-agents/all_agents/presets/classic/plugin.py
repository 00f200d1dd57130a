"""What the namespace `classic` registers: presets for classic control, and its environments."""

from allcore.plugins import EnvironmentRecord, PresetRecord, hookimpl


@hookimpl
def all_presets() -> list[PresetRecord]:
    """Announce the presets."""
    return [
        PresetRecord(
            name="dqn",
            target="all_agents.presets.classic.dqn:dqn",
            summary="DQN on a small fully connected network",
            agent="agents.dqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="ddqn",
            target="all_agents.presets.classic.ddqn:ddqn",
            summary="Double DQN on a small fully connected network",
            agent="agents.ddqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="c51",
            target="all_agents.presets.classic.c51:c51",
            summary="C51 on a small fully connected network",
            agent="agents.c51",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="rainbow",
            target="all_agents.presets.classic.rainbow:rainbow",
            summary="Rainbow on a small noisy dueling network",
            agent="agents.rainbow",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="dqn_tiles",
            target="all_agents.presets.classic.dqn_tiles:dqn_tiles",
            summary="DQN on tile coding: for MountainCar",
            agent="agents.dqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="qrdqn",
            target="all_agents.presets.classic.qrdqn:qrdqn",
            summary="QR-DQN on a small fully connected network",
            agent="agents.qrdqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="iqn",
            target="all_agents.presets.classic.iqn:iqn",
            summary="IQN on a small fully connected network",
            agent="agents.iqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="pqn",
            target="all_agents.presets.classic.pqn:pqn",
            summary="PQN on a small fully connected network with layer normalisation",
            agent="agents.pqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="discrete_sac",
            target="all_agents.presets.classic.discrete_sac:discrete_sac",
            summary="Discrete SAC on small fully connected networks",
            agent="agents.discrete_sac",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="vqn",
            target="all_agents.presets.classic.vqn:vqn",
            summary="Online Q-learning on a small fully connected network",
            agent="agents.vqn",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="vsarsa",
            target="all_agents.presets.classic.vsarsa:vsarsa",
            summary="Online SARSA on a small fully connected network",
            agent="agents.vsarsa",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="vac",
            target="all_agents.presets.classic.vac:vac",
            summary="One-step actor-critic on two small fully connected networks",
            agent="agents.vac",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="vpg",
            target="all_agents.presets.classic.vpg:vpg",
            summary="REINFORCE with a baseline on two small fully connected networks",
            agent="agents.vpg",
            domain="classic",
            default_frames=100_000,
        ),
        PresetRecord(
            name="a2c",
            target="all_agents.presets.classic.a2c:a2c",
            summary="A2C on small fully connected networks",
            agent="agents.a2c",
            domain="classic",
            default_frames=500_000,
        ),
        PresetRecord(
            name="ppo",
            target="all_agents.presets.classic.ppo:ppo",
            summary="PPO on small fully connected networks",
            agent="agents.ppo",
            domain="classic",
            default_frames=100_000,
        ),
    ]


@hookimpl
def all_environments() -> list[EnvironmentRecord]:
    """Announce Gymnasium's classic control tasks."""
    return [
        EnvironmentRecord(
            name="classic",
            target="all_agents.presets.classic.environments:make",
            summary="Gymnasium's classic control tasks",
            domain="classic",
            names="all_agents.presets.classic.environments:names",
            examples=("CartPole-v1", "Acrobot-v1", "MountainCar-v0"),
        ),
    ]
