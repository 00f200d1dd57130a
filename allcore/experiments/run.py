"""One run from its specification to its folder: set up, train, evaluate, and leave everything on disk."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allcore.approximation.loss_watch import going_on_regardless
from allcore.errors import CheckpointError, NonFiniteError, UsageError
from allcore.experiments.allocator import keep_memory
from allcore.experiments.beginning import begin, choose_folder
from allcore.experiments.checkpoints import Checkpoints
from allcore.experiments.interruption import Interruption
from allcore.experiments.outcome import Outcome
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.saved import recorded_threads
from allcore.experiments.setup import build, canonical
from allcore.experiments.threads import choose_threads, computing
from allcore.experiments.verdict import verdict
from allcore.experiments.weights import save_weights
from allcore.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from allcore.environments import AnyEnvironment
    from allcore.experiments.experiment import Experiment
    from allcore.experiments.spec import RunSpec
    from allcore.presets import Preset


def execute(
    spec: RunSpec,
    logdir: str | Path = "runs",
    *,
    fresh: bool = False,
    quiet: bool = False,
    render: bool = False,
) -> Outcome:
    """Run what `spec` says, and say what became of it.

    Args:
        spec: the run; keys may be short.
        logdir: the folder of all runs.
        fresh: start another run of the same specification, in a folder of its own.
        quiet: print nothing.
        render: show the environment while training.

    Raises:
        AllError: the run cannot even begin: see `allcore.experiments.setup.build` and `RunFolder.open`; or its first step
            shows that it was a mistake. Nothing is left behind then.
    """
    spec = canonical(spec)
    env, preset = build(spec)
    try:
        return run(spec, env, preset, logdir, fresh=fresh, quiet=quiet, render=render)
    finally:
        env.close()


def run(
    spec: RunSpec,
    env: AnyEnvironment,
    preset: Preset,
    logdir: str | Path,
    *,
    fresh: bool = False,
    quiet: bool = False,
    render: bool = False,
) -> Outcome:
    """`execute` with an environment and a preset that have been made already."""
    folder = choose_folder(spec, env, logdir, fresh)
    return run_in(folder, spec, env, preset, quiet=quiet, render=render)


def resume_run(spec: RunSpec, folder: RunFolder, *, quiet: bool = False) -> Outcome:
    """Go on with the run of this folder, whose specification is `spec`. It raises what `execute` does."""
    spec = canonical(spec)
    env, preset = build(spec)
    try:
        return run_in(folder, spec, env, preset, quiet=quiet)
    finally:
        env.close()


def run_in(
    folder: RunFolder,
    spec: RunSpec,
    env: AnyEnvironment,
    preset: Preset,
    *,
    quiet: bool = False,
    render: bool = False,
) -> Outcome:
    """Run in a folder that has been chosen already; a run that was stopped there goes on."""
    with folder:
        if folder.read_status().get("state") == "finished":
            Checkpoints(folder.checkpoints).clear()  # in case that it was killed just before
            return Outcome(spec=spec, folder=folder.path, state="already finished")
        keep_memory()
        with (
            computing(recorded_threads(folder.path) or choose_threads(preset)),
            Interruption() as interruption,
            going_on_regardless(spec.on_nan == "go-on"),
        ):
            try:
                experiment = begin(spec, env, preset, folder, interruption, quiet=quiet, render=render)
            except CheckpointError as error:
                return Outcome(spec=spec, folder=folder.path, state="failed", message=error.message)
            except BaseException:
                folder.discard()
                raise
            return _see_through(experiment, spec, folder, interruption)


def _see_through(
    experiment: Experiment, spec: RunSpec, folder: RunFolder, interruption: Interruption
) -> Outcome:
    """Train and evaluate; however it ends, mark the run and put what was logged on disk."""
    told: dict[str, Any] = {"spec": spec.to_json(), "folder": folder.path}
    registry().notify("all_run_started", **told, frame=experiment.frame)
    error = _caught(lambda: _train(experiment, spec, folder, interruption))
    if isinstance(error, UsageError) and experiment.frame == 0:
        # What only the first state shows, such as a replay buffer that does not fit into memory.
        registry().notify("all_run_failed", **told, frame=0, error=error)
        experiment.logger.close()
        experiment.close()
        folder.discard()
        raise error
    # The last rows may be what cannot be computed or written: that is a failure like any other.
    error_at_end = _caught(lambda: _finish(experiment, folder, complete=error is None))
    error, frame = error or error_at_end, experiment.frame
    state, message = verdict(error, frame, folder)
    counts = {"frame": frame, "frames": spec.frames, "episodes": experiment.episode}
    written = folder.write_status(state, **counts, error=message or None)
    if written and error is None:
        Checkpoints(folder.checkpoints).clear()
        registry().notify("all_run_finished", **told, frame=frame)
    else:
        registry().notify("all_run_failed", **told, frame=frame, error=error)
    return Outcome(spec=spec, folder=folder.path, state=state, message=message)


def _caught(part: Callable[[], None]) -> BaseException | None:
    """What ended a part of the run; None if it came to its own end."""
    try:
        part()
    except (Exception, KeyboardInterrupt) as error:  # whatever it was, the run's folder must say so
        return error
    return None


def _train(experiment: Experiment, spec: RunSpec, folder: RunFolder, interruption: Interruption) -> None:
    """Train to the end, saving weights every `save_freq` episodes and evaluating every `evaluation_interval` frames."""
    interval = spec.evaluation_interval or spec.frames
    while experiment.frame < spec.frames:
        next_evaluation = min((experiment.frame // interval + 1) * interval, spec.frames)
        with interruption.patient():  # the experiment's `before_step` looks whether it is to stop
            while experiment.frame < next_evaluation:
                episodes = experiment.episode + spec.save_freq if spec.save_freq else float("inf")
                experiment.train(frames=next_evaluation, episodes=episodes)
                save_weights(experiment.preset, folder.preset_file)
        if interruption.requested:
            raise KeyboardInterrupt
        _evaluate(experiment, spec, folder)


def _evaluate(experiment: Experiment, spec: RunSpec, folder: RunFolder) -> None:
    if not spec.test_episodes:
        return
    result = experiment.test(spec.test_episodes)
    registry().notify(
        "all_evaluation_finished",
        spec=spec.to_json(),
        folder=folder.path,
        frame=experiment.frame,
        returns=result["returns"],
    )


def _finish(experiment: Experiment, folder: RunFolder, *, complete: bool) -> None:
    """Leave the last weights and rows on disk, also after an interruption: somebody will want to look at them."""
    try:
        # A run that will go on is not summed up in the middle: that row would not be there had it not been stopped.
        if complete:
            experiment.log.finish()
    finally:
        experiment.logger.close()
        experiment.close()
        # A full disk, or weights that are worse than those saved; whoever came to the end has saved them already.
        with contextlib.suppress(CheckpointError, NonFiniteError):
            save_weights(experiment.preset, folder.preset_file)
