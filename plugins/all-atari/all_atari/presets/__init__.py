"""Presets for Atari 2600 games."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_atari.presets.dqn import dqn as dqn

__getattr__, __dir__, __all__ = attach(__name__, {"dqn": "all_atari.presets.dqn"})
