"""Presets for several agents."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_pettingzoo.presets.independent import independent as independent

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "independent": "all_pettingzoo.presets.independent",
    },
)
