"""How a run begins, or goes on: its folder, its loggers, its control loop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

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
    status = StatusLogger(folder, spec.frames)
    logger = LoggerGroup([status, *_make_loggers(spec, folder, quiet=quiet)])
    experiment = make_experiment(preset, env, logger=logger, train_steps=spec.frames, render=render)
    checkpoints = Checkpoints(folder.checkpoints)
    continued = go_on(experiment, checkpoints)
    status.episodes = experiment.episode
    experiment.before_step = Saver(experiment, spec, folder, checkpoints, interruption)
    forget_failure(folder)
    remove_half_written(folder.path)  # weights, by a killed process
    record = {**run_record(spec, env, preset), "guarded": folder.guarded}
    if not folder.guarded:
        logging.getLogger("allcore").warning(
            "%s lies where there are no locks: see to it that no second process begins the same run",
            folder.path,
        )
    before = folder.read_run()
    if continued is None and before.get("started"):
        continued = {"frame": 0, "notices": ["The run had begun, and left no checkpoint: it begins anew."]}
    folder.write_run({**record, "continued": _continuations(before, record, continued)})
    for notice in continued["notices"] if continued else ():
        logging.getLogger("allcore").warning("%s", notice)
    return experiment


def _continuations(
    before: dict[str, Any], now: dict[str, Any], continued: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """What `run.json` says of each time that the run went on, with this one, which gets a notice if something else computes now."""
    if continued is None:
        return []
    then = before.get("versions")
    if isinstance(then, dict):
        then = {
            **then,
            "processor": before.get("processor", now["processor"]),
        }  # the first ones did not say it
        here = {**now["versions"], "processor": now["processor"]}
        changed = sorted(name for name in {*then, *here} if then.get(name) != here.get(name))
        changes = ", ".join(f"{name} {then.get(name)} before and {here.get(name)} now" for name in changed)
        if changes:
            notice = f"Other versions, or another processor, may compute other last digits: {changes}."
            continued["notices"].append(notice)
    earlier = before.get("continued")
    return [*(earlier if isinstance(earlier, list) else []), continued]


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


def _make_loggers(spec: RunSpec, folder: RunFolder, *, quiet: bool) -> list[Logger]:
    keys = list(spec.loggers)
    if not quiet and "core.console" not in keys:
        keys.append("core.console")
    makers = [registry().load(registry().find("loggers", key)) for key in keys]
    return [make(folder.path, verbose=spec.verbose) for make in makers]
