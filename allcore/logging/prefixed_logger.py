"""One of several agents' part of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.logging.logger import Logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class PrefixedLogger(Logger):
    """Hands on values under names that begin with a prefix, so that agents of one run do not mix up their curves.

    Nothing else is handed on: episodes and evaluations are the run's, not one agent's.
    """

    def __init__(self, logger: Logger, prefix: str, clock: Callable[[], int]) -> None:
        """Tell `logger`.

        Args:
            logger: whom to tell.
            prefix: what names begin with, such as `player_0/`.
            clock: agent steps of the run so far; the agent itself counts its own only.
        """
        super().__init__(logger.folder, logger.verbose)
        self._logger = logger
        self._prefix = prefix
        self._clock = clock

    def scalar(self, name: str, value: Any, frame: int) -> None:
        """See `Logger.scalar`."""
        self._logger.scalar(self._prefix + name, value, self._clock())

    def debug(self, name: str, value: Any, frame: int) -> None:
        """See `Logger.debug`."""
        self._logger.debug(self._prefix + name, value, self._clock())

    def summary(self, name: str, summary: Mapping[str, float], frame: int) -> None:
        """See `Logger.summary`."""
        self._logger.summary(self._prefix + name, summary, self._clock())
