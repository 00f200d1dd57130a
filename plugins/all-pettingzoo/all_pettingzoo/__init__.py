"""PettingZoo: games for several agents that take turns."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_pettingzoo.environment import PettingZooEnvironment as PettingZooEnvironment

__getattr__, __dir__, __all__ = attach(__name__, {"PettingZooEnvironment": "all_pettingzoo.environment"})
