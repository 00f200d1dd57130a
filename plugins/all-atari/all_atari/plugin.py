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
    ]
