"""One run from its specification to its folder: set up, train, evaluate, and leave everything on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from allcore.approximation.loss_watch import going_on_regardless
from allcore.errors import CheckpointError, UsageError
from allcore.experiments.allocator import keep_memory
from allcore.experiments.beginning import begin
from allcore.experiments.checkpoints import Checkpoints
from allcore.experiments.ending import caught, finish, mark, save_weights
from allcore.experiments.finished import has_finished
from allcore.experiments.global_stream import global_stream
from allcore.experiments.interruption import Interruption
from allcore.experiments.outcome import Outcome
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.saved import recorded_threads
from allcore.experiments.setup import build, canonical
from allcore.experiments.threads import choose_threads, computing
from allcore.plugins import registry

if TYPE_CHECKING:
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
    folder = RunFolder.of(logdir, spec.preset, env.name, spec.run_name, fresh=fresh)
    return run_in(folder, spec, env, preset, quiet=quiet, render=render)


def resume_run(
    spec: RunSpec, folder: RunFolder, *, quiet: bool = False, interruption: Interruption | None = None
) -> Outcome:
    """Go on with the run of this folder, whose specification is `spec`. It raises what `execute` does."""
    spec = canonical(spec)
    env, preset = build(spec)
    try:
        return run_in(folder, spec, env, preset, quiet=quiet, interruption=interruption)
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
    interruption: Interruption | None = None,
) -> Outcome:
    """Run in a folder that has been chosen already; a run that was stopped there goes on."""
    with folder:
        if has_finished(folder):
            Checkpoints(folder.checkpoints).clear()  # in case that it was killed just before
            return Outcome(spec=spec, folder=folder.path, state="already finished")
        keep_memory()
        with (
            computing(recorded_threads(folder.path) or choose_threads(preset)),
            global_stream(preset.seeds.integer("global"), preset.device),
            interruption or Interruption() as interruption,
            going_on_regardless(spec.on_nan == "go-on"),
        ):
            try:
                experiment = begin(spec, env, preset, folder, interruption, quiet=quiet, render=render)
            except CheckpointError as error:
                return Outcome(
                    spec=spec, folder=folder.path, state="failed", message=str(error).replace("\n", " ")
                )
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
    error = caught(lambda: _train(experiment, spec, folder, interruption))
    if isinstance(error, UsageError) and experiment.frame == 0:
        # What only the first state shows, such as a replay buffer that does not fit into memory.
        registry().notify("all_run_failed", **told, frame=0, error=error)
        experiment.logger.close()
        experiment.close()
        folder.discard()
        raise error
    # The last rows may be what cannot be computed or written: that is a failure like any other.
    error_at_end = caught(lambda: finish(experiment, folder, complete=error is None))
    error, frame = error or error_at_end, experiment.frame
    state, message = mark(error, experiment, spec, folder)
    if state == "finished":
        Checkpoints(folder.checkpoints).clear()
        registry().notify("all_run_finished", **told, frame=frame)
    else:
        registry().notify("all_run_failed", **told, frame=frame, error=error)
    return Outcome(spec=spec, folder=folder.path, state=state, message=message)


def _train(experiment: Experiment, spec: RunSpec, folder: RunFolder, interruption: Interruption) -> None:
    """Train to the end, saving weights every `save_freq` episodes and evaluating every `evaluation_interval` frames."""
    interval = spec.evaluation_interval or spec.frames
    while experiment.frame < spec.frames:
        next_evaluation = min((experiment.frame // interval + 1) * interval, spec.frames)
        with interruption.patient():  # the experiment's `before_step` looks whether it is to stop
            while experiment.frame < next_evaluation:
                episodes = experiment.episode + spec.save_freq if spec.save_freq else float("inf")
                experiment.train(frames=next_evaluation, episodes=episodes)
                save_weights(experiment, folder)
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
