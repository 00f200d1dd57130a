"""What stands between an agent and an Atari game."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allcore.bodies import Body, ClipRewards, EpisodicLives, FrameStack

if TYPE_CHECKING:
    from allcore.agents import Agent, ParallelAgent


class DeepmindAtariBody(Body):
    """The agent sees stacked frames, the signs of rewards, and nothing to hope for after a life is lost.

    Source: Mnih et al. (2015), Methods: "Preprocessing" and "Training details".

    Args:
        agent: takes one state, or several.
        frame_stack: how many frames it sees.
        clip_rewards: give it the signs of rewards.
        episodic_lives: let a lost life count as an end, in a game that goes on.
    """

    def __init__(
        self,
        agent: Agent | ParallelAgent,
        *,
        frame_stack: int = 4,
        clip_rewards: bool = True,
        episodic_lives: bool = True,
    ) -> None:
        if episodic_lives:
            agent = EpisodicLives(agent)
        if clip_rewards:
            agent = ClipRewards(agent)
        if frame_stack > 1:
            agent = FrameStack(agent, size=frame_stack)
        super().__init__(agent)
