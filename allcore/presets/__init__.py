"""Presets: agents composed for a kind of environment."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.presets.builder import PresetBuilder as PresetBuilder
    from allcore.presets.function import Function as Function
    from allcore.presets.hyperparameters import described as described, hyperparameter as hyperparameter
    from allcore.presets.loading import load_preset as load_preset
    from allcore.presets.preset import Preset as Preset, Setting as Setting
    from allcore.presets.values import values as values

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Preset": "allcore.presets.preset",
        "Setting": "allcore.presets.preset",
        "PresetBuilder": "allcore.presets.builder",
        "Function": "allcore.presets.function",
        "hyperparameter": "allcore.presets.hyperparameters",
        "described": "allcore.presets.hyperparameters",
        "values": "allcore.presets.values",
        "load_preset": "allcore.presets.loading",
    },
)
