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
            summary="DQN on the Nature network",
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
    ]
