"""Runs in this process, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allcore.executors.executor import Executor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allcore.experiments.outcome import Outcome
    from allcore.experiments.spec import RunSpec


class LocalExecutor(Executor):
    """Runs in this process, one after the other. An interrupted run ends the series; a failed one does not."""

    def submit(self, specs: Sequence[RunSpec]) -> list[Outcome]:
        """Run `specs` in order."""
        # Imported here: choosing an executor must not import torch.
        from allcore.experiments.run import execute

        outcomes = []
        for spec in specs:
            outcome = execute(spec, self.logdir, fresh=self.fresh, quiet=self.quiet, render=self.render)
            outcomes.append(outcome)
            if outcome.state == "interrupted":
                break
        return outcomes
