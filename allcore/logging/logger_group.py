"""Several loggers as one."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allcore.errors import LogdirError
from allcore.logging.logger import Logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


#: A disk that is full, a quota or a limit that is used up; a disk or a folder that is read-only; one that is broken or out of reach.
_DISK_ERRORS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.ESTALE,
}

#: What to do then.
REMEDY = "Once it can be, the same command goes on with the run, and so does `all resume`."


class LoggerGroup(Logger):
    """Tells each of its loggers everything.

    A logger that raises is switched off with one line of warning (through Python's own `logging`, channel `allcore`):
    a mistake in somebody's logger never ends a run. A disk that is full or takes nothing any more does: what is not
    logged would be missing for ever, while a run that has failed goes on from its last checkpoint.

    Args:
        loggers: the loggers, in the order in which they are told.
    """

    def __init__(self, loggers: Iterable[Logger]) -> None:
        self.loggers = list(loggers)
        folder = self.loggers[0].folder if self.loggers else Path()
        super().__init__(folder, verbose=any(logger.verbose for logger in self.loggers))

    def rewind(self, frame: int) -> None:
        """See `Logger.rewind`."""
        self._tell("rewind", frame)

    def scalar(self, name: str, value: Any, frame: int) -> None:
        """See `Logger.scalar`."""
        self._tell("scalar", name, value, frame)

    def debug(self, name: str, value: Any, frame: int) -> None:
        """See `Logger.debug`; only verbose loggers are told."""
        if self.verbose:
            self._tell("debug", name, value, frame)

    def episode(self, episode: Mapping[str, Any]) -> None:
        """See `Logger.episode`."""
        self._tell("episode", episode)

    def summary(self, name: str, summary: Mapping[str, float], frame: int) -> None:
        """See `Logger.summary`."""
        self._tell("summary", name, summary, frame)

    def evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """See `Logger.evaluation`."""
        self._tell("evaluation", evaluation)

    def progress(self, frame: int, total_frames: float, seconds: float) -> None:
        """See `Logger.progress`."""
        self._tell("progress", frame, total_frames, seconds)

    def evaluating(self, done: int, episodes: int, frame: int) -> None:
        """See `Logger.evaluating`."""
        self._tell("evaluating", done, episodes, frame)

    def flush(self) -> None:
        """See `Logger.flush`."""
        self._tell("flush")

    def close(self) -> None:
        """See `Logger.close`."""
        self._tell("close")

    def _tell(self, method: str, *arguments: Any) -> None:
        for logger in list(self.loggers):
            try:
                getattr(logger, method)(*arguments)
            except LogdirError:
                raise
            except (Exception, SystemExit) as error:
                number = (error.errno if isinstance(error, OSError) else None) or 0
                if method == "close" and number in {*_DISK_ERRORS, errno.ENOENT}:
                    continue  # what was to be kept was flushed before, and why it could not be is said already
                if number in _DISK_ERRORS:
                    raise LogdirError(
                        f"The log in {logger.folder} cannot be written: {os.strerror(number)}.", hint=REMEDY
                    ) from error
                self._switch_off(logger, method, error)

    def _switch_off(self, logger: Logger, method: str, error: BaseException) -> None:
        self.loggers.remove(logger)
        with contextlib.suppress(Exception, SystemExit):
            logger.close()
        name = type(logger).__name__
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        logging.getLogger("allcore").warning(
            "%s is switched off, the run goes on: %s failed with %s", name, method, reason
        )
