"""Presets for tasks whose actions are vectors: Pendulum, MountainCarContinuous, LunarLander, BipedalWalker, your own."""

from allcore._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {})
