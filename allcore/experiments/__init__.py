"""Experiments: control loops, evaluation, run folders, plots."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.experiments.evaluation import evaluate as evaluate
    from allcore.experiments.experiment import Experiment as Experiment
    from allcore.experiments.multiagent_env_experiment import (
        MultiagentEnvExperiment as MultiagentEnvExperiment,
    )
    from allcore.experiments.outcome import Outcome as Outcome
    from allcore.experiments.parallel_env_experiment import ParallelEnvExperiment as ParallelEnvExperiment
    from allcore.experiments.plots import plot_returns_100 as plot_returns_100
    from allcore.experiments.run_experiment import run_experiment as run_experiment
    from allcore.experiments.single_env_experiment import SingleEnvExperiment as SingleEnvExperiment
    from allcore.experiments.spec import RunSpec as RunSpec

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Experiment": "allcore.experiments.experiment",
        "MultiagentEnvExperiment": "allcore.experiments.multiagent_env_experiment",
        "Outcome": "allcore.experiments.outcome",
        "ParallelEnvExperiment": "allcore.experiments.parallel_env_experiment",
        "RunSpec": "allcore.experiments.spec",
        "SingleEnvExperiment": "allcore.experiments.single_env_experiment",
        "evaluate": "allcore.experiments.evaluation",
        "plot_returns_100": "allcore.experiments.plots",
        "run_experiment": "allcore.experiments.run_experiment",
    },
)
