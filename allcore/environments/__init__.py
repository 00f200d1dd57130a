"""Environments: the contracts, and whatever Gymnasium has."""

from allcore._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Environment": "allcore.environments.environment",
        "VectorEnvironment": "allcore.environments.vector_environment",
        "GymEnvironment": "allcore.environments.gym",
        "GymVectorEnvironment": "allcore.environments.gym_vector",
    },
)
