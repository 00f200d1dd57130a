"""`run_experiment` on a Slurm cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from all_slurm.array import ArrayExecutor
from allcore.executors.submissions import check_reachable
from allcore.experiments.spec import RunSpec
from allcore.plugins import configure, registry

if TYPE_CHECKING:
    from allcore.environments import AnyEnvironment
    from allcore.experiments import Outcome
    from allcore.presets import PresetBuilder


class SlurmExperiment:
    """Submits the training of every agent in every environment to Slurm, as one job array.

        SlurmExperiment([dqn, ppo], [env], 10e6, seeds=range(5), device="cuda", partition="gpu", time="8:00:00")

    The same script, run again, submits what has neither finished nor is in the queue.

    Attributes:
        outcomes: what became of each run: `submitted` or `already finished`; agent by agent, environment by environment.
    """

    def __init__(
        self,
        agents: PresetBuilder | Sequence[PresetBuilder],
        envs: AnyEnvironment | Sequence[AnyEnvironment],
        frames: float,
        *,
        logdir: str | Path = "runs",
        seeds: Sequence[int] = (0,),
        device: str | None = None,
        save_freq: int = 100,
        test_episodes: int = 100,
        verbose: bool = True,
        loggers: Sequence[str] = ("core.tensorboard", "core.csv"),
        plugin_files: Sequence[str] = (),
        on_nan: str = "stop",
        checkpoint_seconds: int = RunSpec.checkpoint_seconds,
        checkpoint_frames: int = 0,
        fresh: bool = False,
        jobs: int | None = None,
        **settings: Any,
    ) -> None:
        """Submit the runs.

        Args:
            agents: presets that a plugin registered, or whose builder is named by where it is defined (`my_module:mine`).
            envs: environments.
            frames: length of each training, in agent steps.
            logdir: the folder of all runs; the nodes must see it, too.
            seeds: a run for each.
            device: where the networks lie, on the node; by default where the presets say (`dqn.device("cuda")`), else `cpu`.
            save_freq: training episodes between two savings of the weights; 0 saves at the end only.
            test_episodes: whole games of the final evaluation; 0 leaves it out.
            verbose: log losses and debugging values too, which can take much space.
            loggers: keys of the loggers.
            plugin_files: paths of single-file plugins, which are loaded here, too.
            on_nan: what becomes of a run whose loss is infinite or not a number: `stop`, or `go-on`.
            checkpoint_seconds: from one checkpoint to the next; 0 writes none by time.
            checkpoint_frames: agent steps from one checkpoint to the next; 0 writes none by frames.
            fresh: run again what has been run before.
            jobs: how many may run at once.
            **settings: of the plugin `slurm`, such as `partition="gpu"`; `all list settings` lists them.

        Raises:
            SpecError: a worker could not find what a run names.
            UnknownKeyError: there is no such setting.
            SlurmError: Slurm refuses the job, or does not answer.
        """
        from allcore.experiments.setup import canonical
        from allcore.experiments.spec_of import spec_of

        builders = agents if isinstance(agents, Sequence) else [agents]
        environments = envs if isinstance(envs, Sequence) else [envs]
        files = tuple(str(Path(file).resolve()) for file in plugin_files)
        if files:
            switches = registry().switches
            configure(files=[*switches.files, *files], no_plugins=switches.no_plugins, warn=switches.warn)
        described = [
            spec_of(
                builder,
                env,
                frames,
                seed=seed,
                device=device,
                save_freq=save_freq,
                test_episodes=test_episodes,
                verbose=verbose,
                loggers=loggers,
                on_nan=on_nan,
                checkpoint_seconds=checkpoint_seconds,
                checkpoint_frames=checkpoint_frames,
                plugin_files=files,
            )
            for builder in builders
            for env in environments
            for seed in seeds
        ]
        for spec in described:
            check_reachable(spec)
        typed = {name: _as_typed(value) for name, value in settings.items() if value is not None}
        for name in typed:
            registry().find("settings", f"slurm.{name}")
        executor = ArrayExecutor(logdir, fresh=fresh, jobs=jobs, settings=typed)
        self.outcomes: list[Outcome] = executor.submit([canonical(spec) for spec in described])


def _as_typed(value: Any) -> str:
    """A value as it would be typed; lists have an item a line."""
    return "\n".join(value) if isinstance(value, (list, tuple)) else str(value)
