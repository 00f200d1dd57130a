"""What agents remember of the past: replay buffers."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.memory.advantages import (
        AdvantageBatch as AdvantageBatch,
        GeneralizedAdvantageBuffer as GeneralizedAdvantageBuffer,
        NStepAdvantageBuffer as NStepAdvantageBuffer,
        advantage_batch as advantage_batch,
    )
    from allcore.memory.diagnostics import explained_variance as explained_variance
    from allcore.memory.estimate import memory_bytes as memory_bytes
    from allcore.memory.n_step_replay import NStepReplayBuffer as NStepReplayBuffer
    from allcore.memory.prioritized_replay import PrioritizedReplayBuffer as PrioritizedReplayBuffer
    from allcore.memory.replay_buffer import (
        ExperienceReplayBuffer as ExperienceReplayBuffer,
        ReplayBuffer as ReplayBuffer,
    )
    from allcore.memory.returns import (
        generalized_advantages as generalized_advantages,
        lambda_returns as lambda_returns,
        n_step_returns as n_step_returns,
        normalize as normalize,
        weighted_mean as weighted_mean,
    )
    from allcore.memory.rollout import Rollout as Rollout, RolloutBuffer as RolloutBuffer
    from allcore.memory.v_trace import v_trace as v_trace

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ReplayBuffer": "allcore.memory.replay_buffer",
        "ExperienceReplayBuffer": "allcore.memory.replay_buffer",
        "PrioritizedReplayBuffer": "allcore.memory.prioritized_replay",
        "NStepReplayBuffer": "allcore.memory.n_step_replay",
        "memory_bytes": "allcore.memory.estimate",
        "RolloutBuffer": "allcore.memory.rollout",
        "Rollout": "allcore.memory.rollout",
        "NStepAdvantageBuffer": "allcore.memory.advantages",
        "GeneralizedAdvantageBuffer": "allcore.memory.advantages",
        "AdvantageBatch": "allcore.memory.advantages",
        "advantage_batch": "allcore.memory.advantages",
        "generalized_advantages": "allcore.memory.returns",
        "n_step_returns": "allcore.memory.returns",
        "lambda_returns": "allcore.memory.returns",
        "weighted_mean": "allcore.memory.returns",
        "normalize": "allcore.memory.returns",
        "explained_variance": "allcore.memory.diagnostics",
        "v_trace": "allcore.memory.v_trace",
    },
)
