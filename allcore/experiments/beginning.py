"""How a run begins, or goes on: its folder, its loggers, its control loop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from allcore.checkpoint import remove_half_written
from allcore.environments import MultiagentEnvironment
from allcore.experiments.checkpoints import Checkpoints
from allcore.experiments.continuation import Saver, go_on
from allcore.experiments.multiagent_env_experiment import MultiagentEnvExperiment
from allcore.experiments.parallel_env_experiment import ParallelEnvExperiment
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.run_record import run_record
from allcore.experiments.single_env_experiment import SingleEnvExperiment
from allcore.experiments.status_logger import StatusLogger
from allcore.experiments.verdict import forget_failure
from allcore.logging import LoggerGroup
from allcore.plugins import registry

if TYPE_CHECKING:
    from allcore.environments import AnyEnvironment
    from allcore.experiments.experiment import Experiment
    from allcore.experiments.interruption import Interruption
    from allcore.experiments.spec import RunSpec
    from allcore.logging import Logger
    from allcore.presets import Preset


def begin(
    spec: RunSpec,
    env: AnyEnvironment,
    preset: Preset,
    folder: RunFolder,
    interruption: Interruption,
    *,
    quiet: bool,
    render: bool,
) -> Experiment:
    """Everything up to the first step, or up to where a stopped run of this name goes on."""
    logger = _make_loggers(spec, folder, quiet=quiet)
    experiment = make_experiment(preset, env, logger=logger, train_steps=spec.frames, render=render)
    checkpoints = Checkpoints(folder.checkpoints)
    continued = go_on(experiment, checkpoints)
    experiment.before_step = Saver(experiment, spec, folder, checkpoints, interruption)
    earlier = folder.read_run().get("continued") if continued else None
    before = earlier if isinstance(earlier, list) else []
    forget_failure(folder)
    remove_half_written(folder.path)  # weights, by a killed process
    folder.write_run(
        {**run_record(spec, env, preset), "continued": before + ([continued] if continued else [])}
    )
    for notice in continued["notices"] if continued else ():
        logging.getLogger("allcore").warning("%s", notice)
    return experiment


def make_experiment(
    preset: Preset,
    env: AnyEnvironment,
    *,
    logger: Logger | None = None,
    train_steps: float = float("inf"),
    render: bool = False,
) -> Experiment:
    """The control loop for this preset: of several agents, of one environment, or of several. Arguments as for `Experiment`."""
    loop: type[Experiment]
    if isinstance(env, MultiagentEnvironment):
        loop = MultiagentEnvExperiment
    elif preset.n_envs == 1 and not preset.parallel:
        loop = SingleEnvExperiment
    else:
        loop = ParallelEnvExperiment
    return loop(preset, env, logger=logger, train_steps=train_steps, render=render)


def _make_loggers(spec: RunSpec, folder: RunFolder, *, quiet: bool) -> LoggerGroup:
    keys = list(spec.loggers)
    if not quiet and "core.console" not in keys:
        keys.append("core.console")
    loggers: list[Logger] = [StatusLogger(folder, spec.frames)]
    for key in keys:
        make = registry().load(registry().find("loggers", key))
        loggers.append(make(folder.path, verbose=spec.verbose))
    return LoggerGroup(loggers)
