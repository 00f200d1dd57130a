"""Executors: where runs are run."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.executors.executor import Executor as Executor, Standing as Standing
    from allcore.executors.local import LocalExecutor as LocalExecutor
    from allcore.experiments.outcome import Outcome as Outcome

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Executor": "allcore.executors.executor",
        "Standing": "allcore.executors.executor",
        "Outcome": "allcore.experiments.outcome",
        "LocalExecutor": "allcore.executors.local",
    },
)
