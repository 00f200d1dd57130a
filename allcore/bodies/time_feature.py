"""The time since the episode began, as one more feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from allcore.bodies.body import Body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allcore.agents import Agent, ParallelAgent
    from allcore.core import State


class TimeFeature(Body):
    """The agent sees how old the episode is, so that it can know of a time limit.

    Shapes: observations `[*, F]` become `[*, F + 1]`; the last feature is `scale` times the agent steps since the episode
    began, 0 in its first state.

    Source: Pardo et al. (2018), "Time limits in reinforcement learning".

    Args:
        agent: the agent inside.
        scale: what a step counts; 0.001 is that of the autonomous-learning-library, all/bodies/time.py.
    """

    def __init__(self, agent: Agent | ParallelAgent, scale: float = 0.001) -> None:
        super().__init__(agent)
        self.scale = scale
        self._age: Tensor | None = None  # of the state to come, in agent steps: [*]

    def process_state(self, state: State) -> State:
        """The same state with its age as the last feature."""
        observation = state["observation"]
        age = torch.zeros(state.shape) if self._age is None else self._age
        age = age.to(observation.device)  # what was loaded lies on the CPU
        feature = (self.scale * age).to(observation.dtype).unsqueeze(-1)
        done = torch.as_tensor(state.done, device=observation.device)
        self._age = torch.where(done, 0.0, age + 1)
        return state.update("observation", torch.cat((observation, feature), dim=-1))

    def state_dict(self) -> dict[str, Any]:
        """The agent's, and the age."""
        return {**super().state_dict(), "age": self._age}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        super().load_state_dict(state)
        self._age = state["age"]
