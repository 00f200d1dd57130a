"""A logger for agents that are used without a run."""

from __future__ import annotations

from pathlib import Path

from allcore.logging.logger import Logger


class DummyLogger(Logger):
    """Keeps nothing. What an agent gets when nobody gave it a logger."""

    def __init__(self, folder: Path = Path(), verbose: bool = False) -> None:
        super().__init__(folder, verbose)
