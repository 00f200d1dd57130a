"""The last frames as one observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from allcore.bodies.body import Body
from allcore.core import StackedFrames
from allcore.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allcore.agents import Agent, ParallelAgent
    from allcore.core import State


class FrameStack(Body):
    """The agent sees the last few frames, joined along their channels, so that it can tell where things move.

    Frames are kept apart until somebody needs them as one tensor (`StackedFrames`); none is copied or changed. An episode
    younger than the stack repeats its first frame, and never shows frames of the episode before. An episode begins with the
    first state, and after every state that is done.

    Shapes: observations `[*, C, H, W]` become stacks `[*, S * C, H, W]`, with S = `size`.

    Args:
        agent: the agent inside.
        size: how many frames (S).
    """

    def __init__(self, agent: Agent | ParallelAgent, size: int = 4) -> None:
        super().__init__(agent)
        self.size = size
        self._frames: tuple[Tensor, ...] = ()
        self._done: Any = True  # whether the newest state was done: a bool, or a tensor [E]

    def process_state(self, state: State) -> State:
        """The same state with the stack as its observation.

        Raises:
            UsageError: the observation has several parts.
        """
        newest = state["observation"]
        if not isinstance(newest, Tensor):
            raise UsageError(
                f"frames cannot be stacked where an observation has several parts: {', '.join(newest)}",
                hint="give environments whose observation is one tensor of frames, or a body of your own",
            )
        self._frames = (*self._older(newest), newest)
        self._done = state.done if isinstance(state.done, Tensor) else bool(state.done)
        return state.update("observation", StackedFrames(self._frames))

    def _older(self, newest: Tensor) -> tuple[Tensor, ...]:
        """The S - 1 frames before `newest`, which itself stands in for those that an episode does not have yet."""
        if self._done is True:
            return (newest,) * (self.size - 1)
        # Frames that were loaded lie on the CPU until now; for all others this does nothing.
        older = tuple(frame.to(newest.device) for frame in self._frames[1:])
        if self._done is False or not self._done.any():
            return older
        begins = self._done.to(newest.device)
        begins = begins.reshape(begins.shape + (1,) * (newest.dim() - begins.dim()))
        return tuple(torch.where(begins, newest, frame) for frame in older)

    def state_dict(self) -> dict[str, Any]:
        """The agent's, and the frames."""
        return {**super().state_dict(), "frames": list(self._frames), "done": self._done}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        super().load_state_dict(state)
        self._frames = tuple(state["frames"])
        self._done = state["done"]
