"""Function approximation: a model with its optimizer, target network, schedule, checkpoints and logging."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.approximation.actor_critic import ActorCritic as ActorCritic
    from allcore.approximation.approximation import Approximation as Approximation
    from allcore.approximation.checkpointers import (
        Checkpointer as Checkpointer,
        DummyCheckpointer as DummyCheckpointer,
        PeriodicCheckpointer as PeriodicCheckpointer,
    )
    from allcore.approximation.compiled import CompiledUpdate as CompiledUpdate
    from allcore.approximation.feature_network import FeatureNetwork as FeatureNetwork
    from allcore.approximation.identity import Identity as Identity
    from allcore.approximation.q_continuous import QContinuous as QContinuous
    from allcore.approximation.q_discrete_ensemble import QDiscreteEnsemble as QDiscreteEnsemble
    from allcore.approximation.q_dist import QDist as QDist
    from allcore.approximation.q_ensemble import QEnsemble as QEnsemble
    from allcore.approximation.q_network import QNetwork as QNetwork
    from allcore.approximation.q_quantiles import (
        QImplicitQuantiles as QImplicitQuantiles,
        QQuantiles as QQuantiles,
    )
    from allcore.approximation.targets import (
        FixedTarget as FixedTarget,
        PolyakTarget as PolyakTarget,
        TargetNetwork as TargetNetwork,
        TrivialTarget as TrivialTarget,
    )
    from allcore.approximation.v_network import VNetwork as VNetwork

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Approximation": "allcore.approximation.approximation",
        "CompiledUpdate": "allcore.approximation.compiled",
        "QNetwork": "allcore.approximation.q_network",
        "QDist": "allcore.approximation.q_dist",
        "QDiscreteEnsemble": "allcore.approximation.q_discrete_ensemble",
        "QQuantiles": "allcore.approximation.q_quantiles",
        "QImplicitQuantiles": "allcore.approximation.q_quantiles",
        "QContinuous": "allcore.approximation.q_continuous",
        "QEnsemble": "allcore.approximation.q_ensemble",
        "VNetwork": "allcore.approximation.v_network",
        "ActorCritic": "allcore.approximation.actor_critic",
        "FeatureNetwork": "allcore.approximation.feature_network",
        "Identity": "allcore.approximation.identity",
        "TargetNetwork": "allcore.approximation.targets",
        "TrivialTarget": "allcore.approximation.targets",
        "FixedTarget": "allcore.approximation.targets",
        "PolyakTarget": "allcore.approximation.targets",
        "Checkpointer": "allcore.approximation.checkpointers",
        "DummyCheckpointer": "allcore.approximation.checkpointers",
        "PeriodicCheckpointer": "allcore.approximation.checkpointers",
    },
)
