"""What the namespace `pettingzoo` registers."""

from allcore.plugins import EnvironmentRecord, PresetRecord, hookimpl


@hookimpl
def all_presets() -> list[PresetRecord]:
    """Announce the preset."""
    return [
        PresetRecord(
            name="independent",
            target="all_pettingzoo.presets.independent:independent",
            summary="A single-agent preset for each player, which learns on its own",
            agent="agents.independent",
            domain="pettingzoo",
            default_frames=100_000,
        ),
    ]


@hookimpl
def all_environments() -> list[EnvironmentRecord]:
    """Announce the games."""
    return [
        EnvironmentRecord(
            name="pettingzoo",
            target="all_pettingzoo.games:make",
            summary="PettingZoo's games for several agents that take turns",
            domain="pettingzoo",
            names="all_pettingzoo.names:names",
            examples=("connect_four_v3", "tictactoe_v3", "simple_spread_v3"),
        ),
    ]
