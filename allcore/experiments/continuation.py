"""How a run that was stopped, or killed, goes on: what it saves on its way, and where it begins again."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from allcore.errors import CheckpointError
from allcore.experiments.checkpoints import Checkpoints, Due, acquit
from allcore.experiments.training_state import go_on_from, training_state
from allcore.experiments.weights import check_weights
from allcore.plugins import registry

if TYPE_CHECKING:
    from allcore.experiments.experiment import Experiment
    from allcore.experiments.interruption import Interruption
    from allcore.experiments.run_folder import RunFolder
    from allcore.experiments.spec import RunSpec


class Saver:
    """Writes a checkpoint when one is due, or when the run is asked to stop. It is an experiment's `before_step`.

    A checkpoint that cannot be written costs one line of warning in all, and one at the end: the run goes on, and those that there
    were remain.
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
        self._warned = False
        self._due = Due(spec.checkpoint_seconds, spec.checkpoint_frames, frame=experiment.frame)
        self._pause = self._next_pause(experiment.frame)

    def __call__(self) -> None:
        """Write one if it is time.

        Raises:
            KeyboardInterrupt: the run was asked to stop.
            LogdirError: the run's folder is gone, or the log before the checkpoint cannot be written.
            NonFiniteError: its weights are not worth saving any more.
        """
        if self._interruption.requested:
            self._save()
            raise KeyboardInterrupt
        frame = self._experiment.frame
        if self._due.now(frame) or (frame >= self._pause and self._due.soon(frame)):
            self._save()
        if frame >= self._pause:
            self._pause = self._next_pause(frame + 1)

    def _next_pause(self, frame: int) -> float:
        """From which frame on an evaluation may be the next thing: whoever is stopped in it should not lose what is before."""
        if not self._spec.test_episodes:
            return float("inf")
        interval = self._spec.evaluation_interval or self._spec.frames
        last_step = (
            min((frame // interval + 1) * interval, self._spec.frames) - self._experiment.preset.n_envs
        )
        return max(last_step, frame)

    def _save(self) -> None:
        experiment, began = self._experiment, time.perf_counter()
        self._folder.check()
        check_weights(experiment.preset)
        # First, and down to the disk: after a power cut the rows up to the checkpoint's frame must be there.
        experiment.logger.flush()
        try:
            path = self._checkpoints.save(experiment.frame, training_state(experiment))
        except Exception as error:  # whatever it is, it must not end the run
            # Whoever asks it to stop must hear of it, whatever was said before.
            if not self._warned or self._interruption.requested:
                reason = " ".join(str(error).split()) or repr(error)
                logging.getLogger("allcore").warning(
                    "no checkpoint at frame %d: %s", experiment.frame, reason
                )
            self._warned = True
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
        CheckpointError: there is one, and it belongs to something else, or cannot be loaded here and now.
    """
    state, problems = checkpoints.load()
    if state is None:
        experiment.logger.rewind(0)
        return None
    try:
        given_up = go_on_from(experiment, state)
    except Exception as error:
        acquit(checkpoints.folder, error)
        raise CheckpointError(
            f"The checkpoint in {checkpoints.folder} does not fit this run ({type(error).__name__}: {error}). Remove that folder, "
            "and the run begins anew."
        ) from error
    experiment.logger.rewind(experiment.frame)
    checkpoints.loaded(experiment.frame)
    if given_up:
        problems.append(f"The episodes in progress were begun anew: {given_up}.")
    return {"frame": experiment.frame, "notices": problems}
