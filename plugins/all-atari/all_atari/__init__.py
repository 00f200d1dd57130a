"""Atari: the environment on the Arcade Learning Environment, the bodies around an agent, networks and presets."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_atari.bodies import DeepmindAtariBody as DeepmindAtariBody
    from all_atari.environment import AtariEnvironment as AtariEnvironment
    from all_atari.vector_environment import AtariVectorEnvironment as AtariVectorEnvironment

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "AtariEnvironment": "all_atari.environment",
        "AtariVectorEnvironment": "all_atari.vector_environment",
        "DeepmindAtariBody": "all_atari.bodies",
    },
)
