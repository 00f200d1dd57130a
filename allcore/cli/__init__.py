"""The command line, `all`. Every command imports what it needs when it is called, so that help comes at once."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.cli.program import main as main

__getattr__, __dir__, __all__ = attach(__name__, {"main": ".program"})
