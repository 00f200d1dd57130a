"""The lifecycle hooks: a plugin is told what happens to a run, in the process that runs it.

An implementation names the arguments that it needs and leaves out the rest. It returns nothing. What it raises is
logged and never changes the run's outcome, and it is never called per step: to look at single steps, write a Body
or a Logger. Mappings and lists that it is given are its own copies. Plugins are told in the order of their
namespaces; the whole run waits meanwhile, so slow work belongs in a thread.

Common arguments:
    spec: The run's specification, as it stands in `run.json`: plain JSON values.
    folder: The run's folder.
    frame: How far the run is, in agent steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from allcore.plugins.markers import hookspec


@hookspec
def all_run_started(spec: Mapping[str, Any], folder: Path, frame: int) -> None:
    """A run begins or is resumed.

    When: after the run's folder exists and before its first step.
    Returns: nothing.
    May not: change files of the run that it did not make itself.

    Args:
        spec: The run's specification.
        folder: The run's folder.
        frame: 0, or where a resumed run goes on, in agent steps.

    Example:
    ```python
    import platform

    from allcore.plugins import hookimpl


    @hookimpl
    def all_run_started(folder, frame):
        line = f"{platform.node()} from frame {frame}"
        (folder / "where-it-ran.txt").write_text(line, encoding="utf-8")
    ```
    """


@hookspec
def all_evaluation_finished(
    spec: Mapping[str, Any], folder: Path, frame: int, returns: Sequence[float]
) -> None:
    """An evaluation is complete.

    When: after every evaluation, during training and at the end, when its row is in `evaluations.csv`.
    Returns: nothing.
    May not: use the run's random generators.

    Args:
        spec: The run's specification.
        folder: The run's folder.
        frame: When the evaluation was made, in agent steps of training.
        returns: One undiscounted return per evaluation episode, unclipped.

    Example:
    ```python
    from allcore.plugins import hookimpl


    @hookimpl
    def all_evaluation_finished(spec, frame, returns):
        print(f"{spec['preset']}: {sum(returns) / len(returns):.1f} after {frame} frames")
    ```
    """


@hookspec
def all_checkpoint_saved(spec: Mapping[str, Any], folder: Path, frame: int, path: Path) -> None:
    """A checkpoint, from which the run can go on, is safely on disk.

    When: during training, after the file has been flushed and has its final name.
    Returns: nothing.
    May not: change or remove the file. The two newest are kept, and none once the run is finished.

    Args:
        spec: The run's specification.
        folder: The run's folder.
        frame: Agent steps so far.
        path: The file; those that it needs lie beside it.

    Example:
    ```python
    import json

    from allcore.plugins import hookimpl


    @hookimpl
    def all_checkpoint_saved(folder, frame, path):
        newest = {"frame": frame, "path": str(path)}
        (folder / "newest-checkpoint.json").write_text(json.dumps(newest), encoding="utf-8")
    ```
    """


@hookspec
def all_run_finished(spec: Mapping[str, Any], folder: Path, frame: int) -> None:
    """A run reached its end.

    When: after the final evaluation, when everything is on disk. It is called last, and then not
    `all_run_failed`.
    Returns: nothing.
    May not: change files of the run that it did not make itself.

    Args:
        spec: The run's specification.
        folder: The run's folder.
        frame: The length of the run, in agent steps.

    Example:
    ```python
    from allcore.plugins import hookimpl


    @hookimpl
    def all_run_finished(folder, frame):
        print(f"{frame} frames are in {folder}")
    ```
    """


@hookspec
def all_run_failed(spec: Mapping[str, Any], folder: Path, frame: int, error: BaseException) -> None:
    """A run ended early, by an error or because somebody interrupted it.

    When: after the log files are closed and the run is marked. It is called last, and then not
    `all_run_finished`. A process that is killed outright cannot call it.
    Returns: nothing.
    May not: hide the error; it is raised again afterwards whatever this function does.

    Args:
        spec: The run's specification.
        folder: The run's folder.
        frame: How far it came, in agent steps.
        error: What ended it; a `KeyboardInterrupt` when it was interrupted.

    Example:
    ```python
    from allcore.plugins import hookimpl


    @hookimpl
    def all_run_failed(folder, error):
        if not isinstance(error, KeyboardInterrupt):
            (folder / "failure.txt").write_text(repr(error), encoding="utf-8")
    ```
    """
