"""The seed of it all: train some agents in some environments, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from allcore.experiments.run import run
from allcore.experiments.spec import RunSpec
from allcore.experiments.spec_of import spec_of

if TYPE_CHECKING:
    from pathlib import Path

    from allcore.environments import AnyEnvironment
    from allcore.experiments.outcome import Outcome
    from allcore.presets import PresetBuilder


def run_experiment(
    agents: PresetBuilder | Sequence[PresetBuilder],
    envs: AnyEnvironment | Sequence[AnyEnvironment],
    frames: float,
    *,
    logdir: str | Path = "runs",
    quiet: bool = False,
    render: bool = False,
    save_freq: int = 100,
    test_episodes: int = 100,
    verbose: bool = True,
    seed: int = 0,
    loggers: Sequence[str] = ("core.tensorboard", "core.csv"),
    fresh: bool = False,
    on_nan: str = "stop",
    checkpoint_seconds: int = RunSpec.checkpoint_seconds,
    checkpoint_frames: int = 0,
) -> list[Outcome]:
    """Train every agent in every environment, one after the other, and evaluate it at the end.

    Args:
        agents: presets, such as `atari.dqn` or `dqn.hyperparameters(lr=1e-3)`.
        envs: environments.
        frames: length of each training, in agent steps.
        logdir: the folder of all runs.
        quiet: print nothing.
        render: show the environment while training (slow).
        save_freq: training episodes between two savings of the weights; 0 saves at the end only.
        test_episodes: whole games of the final evaluation; 0 leaves it out.
        verbose: log losses and debugging values too, which can take much space.
        seed: root of every random stream.
        loggers: keys of the loggers.
        fresh: run again what has been run before.
        on_nan: what becomes of a run whose loss is infinite or not a number: `stop`, or `go-on`.
        checkpoint_seconds: from one checkpoint to the next; 0 writes none by time.
        checkpoint_frames: agent steps from one checkpoint to the next; 0 writes none by frames.

    Returns:
        What became of each run, agent by agent.

    Raises:
        AllError: a run cannot begin.
        RuntimeError: a run failed.
        KeyboardInterrupt: a run was interrupted.
    """
    builders = agents if isinstance(agents, Sequence) else [agents]
    environments = envs if isinstance(envs, Sequence) else [envs]
    outcomes = []
    for builder in builders:
        for env in environments:
            preset = builder.env(env).seed(seed).build()
            spec = spec_of(
                builder,
                env,
                frames,
                seed=seed,
                device=str(preset.device),
                test_episodes=test_episodes,
                loggers=loggers,
                verbose=verbose,
                save_freq=save_freq,
                on_nan=on_nan,
                checkpoint_seconds=checkpoint_seconds,
                checkpoint_frames=checkpoint_frames,
            )
            outcome = run(spec, env, preset, logdir, fresh=fresh, quiet=quiet, render=render)
            outcomes.append(outcome)
            if outcome.state == "interrupted":
                raise KeyboardInterrupt(outcome.message)
            if outcome.state == "failed":
                raise RuntimeError(outcome.message)
    return outcomes
