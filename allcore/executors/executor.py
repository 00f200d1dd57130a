"""The contract of an executor: something that runs runs, here or elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from allcore.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from allcore.experiments.outcome import Outcome
    from allcore.experiments.spec import RunSpec


@dataclass(frozen=True)
class Standing:
    """How a run stands in the place that it was given to.

    Attributes:
        state: `queued`, `running`, `gone` (that place knows nothing of it any more) or `unknown` (it does not answer).
        note: why, or where, in a few words.
    """

    state: str
    note: str = ""


class Executor(ABC):
    """Runs run specifications. Nothing but the specifications, as JSON, and files need reach the place of execution.

    An executor that runs them in other processes makes the folders with `allcore.executors.submissions.prepare` and starts
    `python -m allcore.executors.worker FOLDER` for each.
    """

    #: Whether the runs take place on this machine, so that a device that it lacks is found out beforehand.
    here: ClassVar[bool] = True

    def __init__(
        self,
        logdir: str | Path = "runs",
        *,
        fresh: bool = False,
        quiet: bool = False,
        render: bool = False,
        jobs: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Execute runs under `logdir`.

        Args:
            logdir: the folder of all runs.
            fresh: start again what has been run before, instead of keeping it.
            quiet: print nothing while running.
            render: show the environment.
            jobs: how many runs may run at once; None leaves it to the executor.
            settings: what was typed for settings of the executor's plugin, by their bare names; see `setting`.
        """
        self.logdir = Path(logdir)
        self.fresh = fresh
        self.quiet = quiet
        self.render = render
        self.jobs = jobs
        self._typed = dict(settings or {})

    def setting(self, key: str) -> Any:
        """A setting of the executor's plugin: typed with the command, or from the user's surroundings.

        Args:
            key: the full key, such as `slurm.partition`.
        """
        return registry().setting(key, self._typed.get(key.partition(".")[2]))

    @abstractmethod
    def submit(self, specs: Sequence[RunSpec]) -> list[Outcome]:
        """Run the runs, or hand them over to where they will run.

        Returns:
            One outcome for each that was begun, in order; `submitted` where the run goes on after this call.
        """

    @abstractmethod
    def standings(self, folders: Collection[Path]) -> dict[Path, Standing]:
        """Ask the place of execution how runs stand that were submitted there.

        Args:
            folders: folders of runs that this kind of executor submitted.

        Returns:
            One for each; a place that does not answer makes them `unknown` and raises nothing.
        """

    @abstractmethod
    def cancel(self, folders: Collection[Path]) -> None:
        """End runs that this kind of executor submitted, or keep them from beginning. They can be submitted again."""
