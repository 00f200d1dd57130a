"""The names of the games, without importing any."""

from __future__ import annotations

#: By the part of PettingZoo that they are in. Those whose ROMs must be downloaded (Atari) are left out.
GAMES = {
    "butterfly": ("cooperative_pong_v6", "knights_archers_zombies_v11", "pistonball_v6"),
    "classic": (
        "chess_v6",
        "connect_four_v3",
        "go_v5",
        "hanabi_v5",
        "leduc_holdem_v4",
        "rps_v2",
        "texas_holdem_no_limit_v6",
        "texas_holdem_v4",
        "tictactoe_v3",
    ),
    "mpe": (
        "simple_adversary_v3",
        "simple_crypto_v3",
        "simple_push_v3",
        "simple_reference_v3",
        "simple_speaker_listener_v4",
        "simple_spread_v3",
        "simple_tag_v3",
        "simple_v3",
        "simple_world_comm_v3",
    ),
    "sisl": ("multiwalker_v9", "pursuit_v5"),
}


def names() -> list[str]:
    """All names, with their versions."""
    return sorted(name for part in GAMES.values() for name in part)


def find(text: str) -> tuple[str, str] | None:
    """The part of PettingZoo and the name of the game that `text` means, with or without its version; None if there is none."""
    for part, games in GAMES.items():
        for name in games:
            if text in (name, name.rpartition("_v")[0]):
                return part, name
    return None
