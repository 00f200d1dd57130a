"""Bodies: what stands between an agent and its environment, and can be put around any agent."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.bodies.as_array import AsArray as AsArray
    from allcore.bodies.body import Body as Body
    from allcore.bodies.clip_rewards import ClipRewards as ClipRewards
    from allcore.bodies.episodic_lives import EpisodicLives as EpisodicLives
    from allcore.bodies.frame_stack import FrameStack as FrameStack
    from allcore.bodies.normalize import (
        NormalizeObservations as NormalizeObservations,
        NormalizeRewards as NormalizeRewards,
        observation_moments as observation_moments,
    )
    from allcore.bodies.time_feature import TimeFeature as TimeFeature

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Body": "allcore.bodies.body",
        "AsArray": "allcore.bodies.as_array",
        "ClipRewards": "allcore.bodies.clip_rewards",
        "EpisodicLives": "allcore.bodies.episodic_lives",
        "FrameStack": "allcore.bodies.frame_stack",
        "NormalizeObservations": "allcore.bodies.normalize",
        "NormalizeRewards": "allcore.bodies.normalize",
        "observation_moments": "allcore.bodies.normalize",
        "TimeFeature": "allcore.bodies.time_feature",
    },
)
