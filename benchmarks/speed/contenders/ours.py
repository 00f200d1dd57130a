"""A preset of ours, set to the workload's settings, in a run with everything that `all run` does: loggers, weights, status.

Checkpoints that are written by time do not fall into a measurement of a minute; `benchmarks/survival/checkpoint_cost.py` has what they cost.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measured import Stopwatch, report, settings
from sampler import Sampler

from allcore.approximation import Approximation
from allcore.bodies import Body
from allcore.experiments import RunSpec
from allcore.experiments.allocator import keep_memory
from allcore.experiments.beginning import begin
from allcore.experiments.ending import save_weights
from allcore.experiments.experiment import Experiment
from allcore.experiments.interruption import Interruption
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.setup import build, find_preset

PRESETS = {
    ("dqn", "Breakout"): "atari.dqn_tuned",
    ("c51", "Breakout"): "atari.c51",
    ("rainbow", "Breakout"): "atari.rainbow",
    ("ppo", "Breakout"): "atari.ppo2",
    ("pqn", "Breakout"): "atari.pqn",
    ("sac", "HalfCheetah-v5"): "mujoco.sac",
    ("ppo", "HalfCheetah-v5"): "mujoco.ppo",
    ("ppo", "CartPole-v1"): "classic.ppo",
    ("dqn", "CartPole-v1"): "classic.dqn",
}
DISTRIBUTIONS = ("allcore", "all-agents", "all-atari", "all-mujoco")


#: Settings that are no hyperparameters.
OTHERS = ("algorithm", "environment", "frame_skip", "seed", "device", "threads", "warm_up", "frames")
#: And those that our presets have under other names, or have not as an option.
OTHERS += ("exploration", "layer_norm", "profile", "order", "hidden")


def make_spec(given: dict[str, Any]) -> RunSpec:
    """The run that the settings describe.

    Raises:
        SystemExit: a setting means nothing to the preset.
    """
    preset = PRESETS[given["algorithm"], given["environment"]]
    known = {field.name for field in dataclasses.fields(find_preset(preset)[0].values)}
    if unknown := set(given) - known - set(OTHERS):
        raise SystemExit(f"{preset} has no {', '.join(sorted(unknown))}")
    wanted = {
        "normalize_observations": False,
        "normalize_rewards": False,
        **dict.fromkeys(("initial_exploration", "final_exploration"), given.get("exploration")),
        **given,
    }
    if (given["algorithm"], given["environment"]) == ("dqn", "CartPole-v1"):
        wanted["n_steps"] = 1
    return RunSpec(
        preset=preset,
        environment=given["environment"],
        environment_options={"frame_skip": given["frame_skip"]} if given["environment"] == "Breakout" else {},
        hyperparameters={name: value for name, value in wanted.items() if name in known},
        frames=given["warm_up"] + given["frames"],
        seed=given["seed"],
        device=given["device"],
    )


def updates_of(experiment: Experiment) -> int:
    """The updates so far of all approximations of the agent."""
    agent: Any = experiment._agent
    while isinstance(agent, Body):
        agent = agent.agent
    return sum(part.updates for part in vars(agent).values() if isinstance(part, Approximation))


def train(experiment: Experiment, spec: RunSpec, folder: RunFolder, frames: int) -> None:
    """As every run does: weights are saved each `save_freq` episodes."""
    while experiment.frame < frames:
        experiment.train(frames=frames, episodes=experiment.episode + spec.save_freq)
        save_weights(experiment, folder)


def measure(given: dict[str, Any], change: Callable[[Experiment], None] = lambda _: None) -> None:
    """Measure the run that the settings describe, once something was changed in it, and print the result."""
    keep_memory()  # as every run does
    spec = make_spec(given)
    env, preset = build(spec)
    stopwatch, sampler = Stopwatch(preset.parameters()), Sampler()
    with tempfile.TemporaryDirectory() as logdir, RunFolder(Path(logdir)) as folder:
        experiment = begin(spec, env, preset, folder, Interruption(), quiet=False, render=False)
        change(experiment)
        train(experiment, spec, folder, given["warm_up"])
        before = updates_of(experiment)
        stopwatch.start()
        if given.get("profile"):
            sampler.start()
        train(experiment, spec, folder, spec.frames)
        profile = sampler.stop() if given.get("profile") else None
        result = stopwatch.stop(given["frames"]) | {"profile": profile}
        result["updates"] = updates_of(experiment) - before  # a compiled program calls no optimizer
        experiment.logger.close()
        experiment.close()
    env.close()
    report(result, *DISTRIBUTIONS)


if __name__ == "__main__":
    measure(settings())
