"""Whether a run has finished: asked by whoever would otherwise begin it anew, and write over what it left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allcore.errors import LogdirError
from allcore.experiments.checkpoints import Checkpoints
from allcore.experiments.run_folder import STATES

if TYPE_CHECKING:
    from allcore.experiments.run_folder import RunFolder


def has_finished(folder: RunFolder) -> bool:
    """Whether the run of this folder has come to its end.

    Raises:
        LogdirError: `status.json` is gone or damaged, and the folder looks like that of a run which has: there are weights,
            and no checkpoint to go on from.
    """
    state = folder.read_status().get("state")
    if state in STATES:
        return bool(state == "finished")
    try:
        beginning = not Checkpoints(folder.checkpoints).files()
    except OSError:
        return False  # whoever goes on from them will say what is wrong
    if beginning and folder.preset_file.exists():
        raise LogdirError(
            f"{folder.status_file} is gone or damaged, and {folder.path} may hold a finished run: it has weights, and no "
            "checkpoint to go on from.",
            hint=f"If it may begin anew, remove {folder.preset_file.name} there; --fresh begins another beside it.",
        )
    return False
