"""Runs on this machine: in this process one after the other, or in several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allcore.executors.executor import Executor
from allcore.executors.this_machine import standings, stop

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from allcore.executors.executor import Standing
    from allcore.experiments.outcome import Outcome
    from allcore.experiments.spec import RunSpec


class LocalExecutor(Executor):
    """Runs on this machine. An interruption ends the series; a run that fails does not."""

    def submit(self, specs: Sequence[RunSpec]) -> list[Outcome]:
        """Run `specs`: in order in this process, or with `jobs` above one in as many processes.

        Raises:
            AllError: the only run cannot begin. One of several is a failed run.
        """
        # Imported here: choosing an executor must not import torch.
        from allcore.executors.processes import Processes
        from allcore.experiments.series import run_in_order

        if self.jobs and self.jobs > 1 and not self.render:  # a screen shows one run at a time
            return Processes(self.logdir, self.jobs, fresh=self.fresh, quiet=self.quiet).run(specs)
        return run_in_order(specs, self.logdir, fresh=self.fresh, quiet=self.quiet, render=self.render)

    def standings(self, folders: Collection[Path]) -> dict[Path, Standing]:
        """Whether a process is at each."""
        return standings(folders)

    def cancel(self, folders: Collection[Path]) -> None:
        """Ask the processes that are at these runs on this machine to stop after a checkpoint."""
        stop(folders)
