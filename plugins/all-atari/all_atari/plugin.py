"""What the namespace `atari` registers."""

from allcore.plugins import BodyRecord, EnvironmentRecord, PresetRecord, hookimpl


@hookimpl
def all_environments() -> list[EnvironmentRecord]:
    """Announce the games."""
    return [
        EnvironmentRecord(
            name="atari",
            target="all_atari.environment:AtariEnvironment",
            summary="Every game of the Arcade Learning Environment for one player",
            domain="atari",
            names="all_atari.games:names",
            examples=("Breakout", "Pong", "MsPacman", "SpaceInvaders"),
        ),
    ]


@hookimpl
def all_bodies() -> list[BodyRecord]:
    """Announce the body."""
    return [
        BodyRecord(
            name="deepmind",
            target="all_atari.bodies:DeepmindAtariBody",
            summary="Stacked frames, clipped rewards, a life lost is worth nothing more",
            domain="atari",
        ),
    ]


@hookimpl
def all_presets() -> list[PresetRecord]:
    """Announce the presets."""
    return [
        PresetRecord(
            name="dqn",
            target="all_atari.presets.dqn:dqn",
            summary="DQN on the Nature network, as its paper has it",
            agent="agents.dqn",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="dqn_tuned",
            target="all_atari.presets.dqn_tuned:dqn_tuned",
            summary="DQN on the Nature network with Adam, which learns faster",
            agent="agents.dqn",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="ddqn",
            target="all_atari.presets.ddqn:ddqn",
            summary="Double DQN on the Nature network, as its paper tuned it",
            agent="agents.ddqn",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="c51",
            target="all_atari.presets.c51:c51",
            summary="C51 on the Nature network",
            agent="agents.c51",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="rainbow",
            target="all_atari.presets.rainbow:rainbow",
            summary="Rainbow on Nature's convolutions with a noisy dueling network",
            agent="agents.rainbow",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="qrdqn",
            target="all_atari.presets.qrdqn:qrdqn",
            summary="QR-DQN on the Nature network",
            agent="agents.qrdqn",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="iqn",
            target="all_atari.presets.iqn:iqn",
            summary="IQN on the Nature network",
            agent="agents.iqn",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="pqn",
            target="all_atari.presets.pqn:pqn",
            summary="PQN on the Nature network with layer normalisation",
            agent="agents.pqn",
            domain="atari",
            default_frames=50_000_000,
        ),
        PresetRecord(
            name="discrete_sac",
            target="all_atari.presets.discrete_sac:discrete_sac",
            summary="Discrete SAC on Nature networks, as CleanRL runs it",
            agent="agents.discrete_sac",
            domain="atari",
            default_frames=5_000_000,
        ),
        PresetRecord(
            name="vqn",
            target="all_atari.presets.vqn:vqn",
            summary="Online Q-learning on the Nature network",
            agent="agents.vqn",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="vsarsa",
            target="all_atari.presets.vsarsa:vsarsa",
            summary="Online SARSA on the Nature network",
            agent="agents.vsarsa",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="vac",
            target="all_atari.presets.vac:vac",
            summary="One-step actor-critic on two Nature networks",
            agent="agents.vac",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="vpg",
            target="all_atari.presets.vpg:vpg",
            summary="REINFORCE with a baseline on two Nature networks",
            agent="agents.vpg",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="a2c",
            target="all_atari.presets.a2c:a2c",
            summary="A2C on the Nature network",
            agent="agents.a2c",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="ppo",
            target="all_atari.presets.ppo:ppo",
            summary="PPO on the Nature network, as its paper has it",
            agent="agents.ppo",
            domain="atari",
            default_frames=10_000_000,
        ),
        PresetRecord(
            name="ppo2",
            target="all_atari.presets.ppo2:ppo2",
            summary="PPO on the Nature network, as in OpenAI's baselines",
            agent="agents.ppo",
            domain="atari",
            default_frames=10_000_000,
        ),
    ]
