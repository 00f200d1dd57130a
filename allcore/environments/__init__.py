"""Environments: the contracts, and whatever Gymnasium has."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.environments.environment import Environment as Environment
    from allcore.environments.gym import GymEnvironment as GymEnvironment
    from allcore.environments.gym_vector import GymVectorEnvironment as GymVectorEnvironment
    from allcore.environments.multiagent_environment import (
        AnyEnvironment as AnyEnvironment,
        MultiagentEnvironment as MultiagentEnvironment,
    )
    from allcore.environments.vector_environment import VectorEnvironment as VectorEnvironment

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Environment": "allcore.environments.environment",
        "VectorEnvironment": "allcore.environments.vector_environment",
        "MultiagentEnvironment": "allcore.environments.multiagent_environment",
        "AnyEnvironment": "allcore.environments.multiagent_environment",
        "GymEnvironment": "allcore.environments.gym",
        "GymVectorEnvironment": "allcore.environments.gym_vector",
    },
)
