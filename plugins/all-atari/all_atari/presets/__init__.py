"""Presets for Atari 2600 games."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_atari.presets.c51 import c51 as c51
    from all_atari.presets.ddqn import ddqn as ddqn
    from all_atari.presets.dqn import dqn as dqn
    from all_atari.presets.rainbow import rainbow as rainbow

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "c51": "all_atari.presets.c51",
        "ddqn": "all_atari.presets.ddqn",
        "dqn": "all_atari.presets.dqn",
        "rainbow": "all_atari.presets.rainbow",
    },
)
