"""How a run ends: the last weights and rows on disk, and a folder that says what became of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from allcore.errors import CheckpointError, LogdirError, NonFiniteError
from allcore.experiments.verdict import verdict
from allcore.experiments.weights import check_weights
from allcore.logging.logger_group import REMEDY

if TYPE_CHECKING:
    from collections.abc import Callable

    from allcore.experiments.experiment import Experiment
    from allcore.experiments.run_folder import RunFolder
    from allcore.experiments.spec import RunSpec


def caught(part: Callable[[], None]) -> BaseException | None:
    """What ended a part of the run; None if it came to its own end."""
    try:
        part()
    except (Exception, KeyboardInterrupt) as error:  # whatever it was, the run's folder must say so
        return error
    return None


def save_weights(experiment: Experiment, folder: RunFolder) -> None:
    """Write `preset.safetensors`.

    Raises:
        NonFiniteError: the weights are not worth saving any more.
        CheckpointError: it cannot be written; the one that there was is still there.
        LogdirError: the folder was removed, and is not made again.
    """
    folder.check()
    try:
        check_weights(experiment.preset)
        experiment.preset.save(folder.preset_file)
    except CheckpointError as error:
        raise CheckpointError(error.message.rstrip(".") + ".", hint=error.hint or REMEDY) from error


def finish(experiment: Experiment, folder: RunFolder, *, complete: bool) -> None:
    """Leave the last weights and rows on disk, also after an interruption: somebody will want to look at them."""
    try:
        # A run that will go on is not summed up in the middle: that row would not be there had it not been stopped.
        if complete:
            experiment.log.finish()
    finally:
        experiment.logger.close()
        experiment.close()
        # A full disk, a folder that is gone, or weights that are worse than those saved; whoever came to the end has saved them already.
        with contextlib.suppress(CheckpointError, LogdirError, NonFiniteError):
            save_weights(experiment, folder)


def mark(
    error: BaseException | None, experiment: Experiment, spec: RunSpec, folder: RunFolder
) -> tuple[str, str]:
    """Write the run's state into its folder, and what a failure leaves.

    Returns:
        The state, and why. A run whose end cannot be written has not ended for whoever looks at its folder: it failed.
    """
    try:
        folder.check()
    except LogdirError as gone:  # nothing is written: it may be another run's by now
        return verdict(error, experiment.frame, None) if error else ("failed", gone.message)
    state, message = verdict(error, experiment.frame, folder)
    counts = {"frame": experiment.frame, "frames": spec.frames, "episodes": experiment.episode}
    if not folder.write_status(state, **counts, error=message or None) and error is None:
        message = (
            f"{folder.status_file} cannot be written. Once it can be, the same command goes on with the run."
        )
        return "failed", message
    return state, message
