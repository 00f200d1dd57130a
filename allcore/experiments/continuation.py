"""How a run that was stopped, or killed, goes on: what it saves on its way, and where it begins again."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from allcore.errors import CheckpointError
from allcore.experiments.checkpoints import Checkpoints, Due
from allcore.experiments.training_state import go_on_from, training_state
from allcore.plugins import registry

if TYPE_CHECKING:
    from allcore.experiments.experiment import Experiment
    from allcore.experiments.interruption import Interruption
    from allcore.experiments.run_folder import RunFolder
    from allcore.experiments.spec import RunSpec


class Saver:
    """Writes a checkpoint when one is due, or when the run is asked to stop. It is an experiment's `before_step`.

    A checkpoint that cannot be written costs one line of warning: the run goes on, and those that there were remain.
    """

    def __init__(
        self,
        experiment: Experiment,
        spec: RunSpec,
        folder: RunFolder,
        checkpoints: Checkpoints,
        interruption: Interruption,
    ) -> None:
        self._experiment, self._spec, self._folder = experiment, spec, folder
        self._interruption = interruption
        self._checkpoints = checkpoints
        self._due = Due(spec.checkpoint_seconds, spec.checkpoint_frames, frame=experiment.frame)

    def __call__(self) -> None:
        """Write one if it is time.

        Raises:
            KeyboardInterrupt: the run was asked to stop.
        """
        if self._interruption.requested:
            self._save()
            raise KeyboardInterrupt
        if self._due.now(self._experiment.frame):
            self._save()

    def _save(self) -> None:
        experiment, began = self._experiment, time.perf_counter()
        experiment.logger.flush()
        try:
            path = self._checkpoints.save(experiment.frame, training_state(experiment))
        except (CheckpointError, OSError) as error:
            logging.getLogger("allcore").warning("no checkpoint at frame %d: %s", experiment.frame, error)
        else:
            registry().notify(
                "all_checkpoint_saved",
                spec=self._spec.to_json(),
                folder=self._folder.path,
                frame=experiment.frame,
                path=path,
            )
        took = time.perf_counter() - began
        experiment.log.leave_out(took)
        self._due.written(experiment.frame, took)


def go_on(experiment: Experiment, checkpoints: Checkpoints) -> dict[str, Any] | None:
    """Bring an experiment to where the newest good checkpoint stands; loggers forget what came after it.

    Returns:
        `frame`, and `notices`: checkpoints that could not be read, and why episodes in progress were begun anew. None if
        there is no checkpoint.

    Raises:
        CheckpointError: there is one, and it belongs to something else.
    """
    state, problems = checkpoints.load()
    experiment.logger.rewind(0 if state is None else state["log"]["frame"])
    if state is None:
        return None
    try:
        given_up = go_on_from(experiment, state)
    except (KeyError, ValueError, RuntimeError, TypeError) as error:
        raise CheckpointError(
            f"The checkpoint in {checkpoints.folder} does not fit this run: {type(error).__name__}: {error}",
            hint="It may come from another version. --fresh starts the run anew.",
        ) from error
    if given_up:
        problems.append(f"The episodes in progress were begun anew: {given_up}.")
    return {"frame": experiment.frame, "notices": problems}
