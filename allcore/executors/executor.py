"""The contract of an executor: something that runs runs, here or elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.experiments.outcome import Outcome
    from allcore.experiments.spec import RunSpec


class Executor(ABC):
    """Runs run specifications. Nothing but the specifications, as JSON, and files need reach the place of execution."""

    def __init__(
        self, logdir: str | Path = "runs", *, fresh: bool = False, quiet: bool = False, render: bool = False
    ) -> None:
        """Execute runs under `logdir`.

        Args:
            logdir: the folder of all runs.
            fresh: start again what has been run before, instead of keeping it.
            quiet: print nothing while running.
            render: show the environment.
        """
        self.logdir = Path(logdir)
        self.fresh = fresh
        self.quiet = quiet
        self.render = render

    @abstractmethod
    def submit(self, specs: Sequence[RunSpec]) -> list[Outcome]:
        """Run the runs, or hand them over to where they will run.

        Returns:
            One outcome for each, in order; `submitted` where the run goes on after this call.
        """
