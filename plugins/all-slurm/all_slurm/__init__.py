"""Slurm: the executor `slurm.array`, its settings and commands. It runs on a login node and imports no torch."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from all_slurm.array import ArrayExecutor as ArrayExecutor
    from all_slurm.slurm_experiment import SlurmExperiment as SlurmExperiment

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "SlurmExperiment": "all_slurm.slurm_experiment",
        "ArrayExecutor": "all_slurm.array",
    },
)
