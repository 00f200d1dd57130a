"""Observations and rewards of a size that networks learn well from, by what has been seen so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from gymnasium import spaces
from torch import Tensor

from allcore.bodies.body import Body
from allcore.core.state import OBSERVATION
from allcore.environments.spaces import tensor_dtype
from allcore.errors import CheckpointError, DomainError
from allcore.nn import MomentsByName, RunningMoments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from allcore.agents import Agent, ParallelAgent
    from allcore.core import State


class NormalizeObservations(Body):
    """The agent sees observations with mean 0 and variance 1 over all that was seen so far, cut off at `clip`.

    Every state is taken in once, an episode's final one included, and is then normalised. A stored observation stays as it
    was normalised then, so this is for agents that learn from what they have just seen, not from a replay of long ago.

    The moments belong to the preset, which saves them with its networks. A test agent gets a deep copy and `learn=False`:
    it sees what the training agent would have seen, and changes nothing.

    Observations of several parts are normalised part by part; a part that has no moments (`observation_moments` makes none for
    whole numbers, such as images) is handed on as it is.

    Source: Huang et al. (2022), "The 37 implementation details of proximal policy optimization": observation normalization and
    observation clipping.

    Args:
        agent: the agent inside.
        moments: of observations, or one for each part, by the entries' names: what `observation_moments` makes.
        clip: the largest absolute value that the agent sees.
        epsilon: added to the variance.
        learn: whether the moments take in what is seen.
    """

    def __init__(
        self,
        agent: Agent | ParallelAgent,
        moments: RunningMoments | MomentsByName,
        clip: float = 10.0,
        epsilon: float = 1e-8,
        learn: bool = True,
    ) -> None:
        super().__init__(agent)
        self.moments = moments
        self.clip = clip
        self.epsilon = epsilon
        self.learn = learn
        by_entry = {OBSERVATION: moments} if isinstance(moments, RunningMoments) else dict(moments.items())
        self._by_entry: dict[str, RunningMoments] = by_entry

    def process_state(self, state: State) -> State:
        """The same state with its observation normalised.

        Raises:
            UsageError: an observation is not of the moments' shape, or made of whole numbers.
        """
        for entry, moments in self._by_entry.items():
            observation = state[entry]
            if self.learn:
                moments.update(observation)
            normalized = moments.normalize(observation, self.epsilon).clamp_(-self.clip, self.clip)
            state = state.update(entry, normalized)
        return state

    def state_dict(self) -> dict[str, Any]:
        """The agent's, and the moments."""
        return {**super().state_dict(), "moments": self.moments.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; the moments are written in place.

        Raises:
            CheckpointError: the moments are of other observations.
        """
        super().load_state_dict(state)
        _load(self.moments, state["moments"])


class NormalizeRewards(Body):
    """The agent sees rewards divided by the standard deviation of their discounted sum, cut off at `clip`.

    The sum of each environment is what was received so far in its episode, older rewards discounted: `discount_factor` times
    itself plus the reward of every step. It starts from 0 in every episode, whatever the last one ended by. The state that
    an episode begins with is no step: its reward becomes 0 and moves nothing.

    The mean is not subtracted: that would change which behaviour is best. What is logged, and what evaluation measures, are the
    environment's own rewards, which never pass here. A test agent learns nothing from rewards and does without this body.

    Source: Engstrom et al. (2020), "Implementation matters in deep policy gradients": reward scaling; Huang et al. (2022), "The 37
    implementation details of proximal policy optimization": reward scaling and reward clipping.

    Args:
        agent: the agent inside.
        moments: of the discounted sums, shape `()`; a preset owns them, as those of observations.
        discount_factor: what a reward counts one agent step later: the agent's own.
        clip: the largest absolute reward that the agent sees.
        epsilon: added to the variance.
        learn: whether the moments take in what is seen.
    """

    def __init__(
        self,
        agent: Agent | ParallelAgent,
        moments: RunningMoments,
        discount_factor: float,
        clip: float = 10.0,
        epsilon: float = 1e-8,
        learn: bool = True,
    ) -> None:
        super().__init__(agent)
        self.moments = moments
        self.discount_factor = discount_factor
        self.clip = clip
        self.epsilon = epsilon
        self.learn = learn
        self._sums: Tensor | None = None  # discounted, of the running episodes: [*], float64
        self._done: Tensor | None = None  # whether the newest states were done: [*]

    def process_state(self, state: State) -> State:
        """The same state with its reward scaled."""
        rewards = torch.as_tensor(state.reward)
        if not rewards.is_floating_point():
            rewards = rewards.float()
        is_step = self._advance(rewards.double(), torch.as_tensor(state.done, device=rewards.device))
        scaled = self.moments.scale(rewards, self.epsilon).clamp_(-self.clip, self.clip)
        scaled = torch.where(is_step, scaled, 0.0)
        return state.update("reward", scaled if isinstance(state.reward, Tensor) else scaled.item())

    def _advance(self, rewards: Tensor, done: Tensor) -> Tensor:
        """Bring the sums and their moments to this tick; whether a step led to it, `[*]`."""
        if self._sums is None or self._done is None:
            self._sums, self._done = torch.zeros_like(rewards), torch.ones_like(done)
        is_step = ~self._done.to(rewards.device)  # what was loaded lies on the CPU
        sums = self.discount_factor * self._sums.to(rewards.device) + rewards
        sums = torch.where(is_step, sums, 0.0)
        if self.learn:
            self.moments.update(sums[is_step])
        self._sums = sums
        self._done = (
            done.clone()
        )  # few bytes, so that nothing rests on an environment's never writing to them
        return is_step

    def state_dict(self) -> dict[str, Any]:
        """The agent's, the moments, and the sums of the running episodes."""
        own = {"moments": self.moments.state_dict(), "sums": self._sums, "done": self._done}
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; the moments are written in place.

        Raises:
            CheckpointError: the moments are not of numbers.
        """
        super().load_state_dict(state)
        _load(self.moments, state["moments"])
        self._sums, self._done = state["sums"], state["done"]


def observation_moments(space: spaces.Space[Any]) -> RunningMoments | MomentsByName:
    """Moments for the observations of a space, to be owned by a preset.

    Of a space with parts, those of real numbers get moments, by the names of their entries (`observation.pose`). Whole numbers
    get none: images are scaled by their network, and categories have no size.

    Raises:
        DomainError: nothing in the space is a real number.
    """
    shapes = _real_parts(space, OBSERVATION)
    if not shapes:
        raise DomainError(
            f"there is nothing to normalise in observations from {space}: no part of them is a real number",
            hint="Leave images as they are: their network scales them (allcore.nn.Scale).",
        )
    if isinstance(space, spaces.Box):
        return RunningMoments(space.shape)
    return MomentsByName(shapes)


def _real_parts(space: spaces.Space[Any], name: str) -> dict[str, tuple[int, ...]]:
    """The shapes of the parts that are real numbers, by the names of their entries in a `State`."""
    if isinstance(space, spaces.Dict):
        parts = [(str(key), part) for key, part in space.items()]
    elif isinstance(space, spaces.Tuple):
        parts = [(str(index), part) for index, part in enumerate(space)]
    elif isinstance(space, spaces.Box) and tensor_dtype(space).kind == "f":
        return {name: space.shape}
    else:
        return {}
    shapes: dict[str, tuple[int, ...]] = {}
    for key, part in parts:
        shapes.update(_real_parts(part, f"{name}.{key}"))
    return shapes


def _load(moments: nn.Module, saved: Mapping[str, Any]) -> None:
    try:
        moments.load_state_dict(dict(saved))
    except RuntimeError as error:
        raise CheckpointError(f"the saved moments do not fit: {error}") from error
