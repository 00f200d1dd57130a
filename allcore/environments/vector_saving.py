"""How the moment of a vector of Gymnasium's is saved and found again: each kind of vector in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium.vector import SyncVectorEnv, VectorEnv
from gymnasium.vector.utils import concatenate

from allcore.environments.episode_trace import EpisodeTrace


class VectorSaving(Protocol):
    """What a `GymVectorEnvironment` tells, and asks, about its vector's moment."""

    def resetting(self, seeds: Sequence[int | None] | None) -> None:
        """All environments are about to be reset."""

    def stepping(self, actions: np.ndarray) -> None:
        """All environments are about to take a step, or to start anew where an episode is over."""

    def state_dict(self) -> dict[str, Any] | None:
        """The vector's moment; None if it cannot be saved."""

    def load_state_dict(self, state: Mapping[str, Any]) -> Any:
        """Find the moment again: the batch of observations that belongs to it."""


class OneByOne:
    """For a vector that steps one environment after the other: the trace of each one's episode."""

    def __init__(self, vector: SyncVectorEnv) -> None:
        self._vector = vector
        self._traces = [EpisodeTrace(env) for env in vector.envs]

    def resetting(self, seeds: Sequence[int | None] | None) -> None:
        """Begin all traces."""
        for trace, seed in zip(self._traces, seeds or [None] * len(self._traces), strict=True):
            trace.begin(seed)

    def stepping(self, actions: np.ndarray) -> None:
        """Add an action to each trace, or begin it anew."""
        for trace, action, over in zip(self._traces, actions, self._vector._autoreset_envs, strict=True):
            if over:
                trace.begin(None)
            else:
                trace.add(action)

    def state_dict(self) -> dict[str, Any] | None:
        """All traces."""
        traces = [trace.state_dict() for trace in self._traces]
        return None if None in traces else {"traces": traces}

    def load_state_dict(self, state: Mapping[str, Any]) -> Any:
        """Play all episodes again, each in its environment.

        Gymnasium's vector has no way to be told what its environments said last, so that its own notes are written here;
        a step of it overwrites all of them but whose episode is over.
        """
        vector = self._vector
        moments = [trace.retrace(s) for trace, s in zip(self._traces, state["traces"], strict=True)]
        vector._env_obs = [moment.observation for moment in moments]
        vector._autoreset_envs = np.array([moment.terminated or moment.truncated for moment in moments])
        return concatenate(vector.single_observation_space, vector._env_obs, vector._observations)


class AtOnce:
    """For Gymnasium's own vectors of classic control, CartPole's: their arrays and the stream that all draw from."""

    def __init__(self, vector: VectorEnv[Any, Any, Any]) -> None:
        self._vector = vector

    def resetting(self, seeds: Sequence[int | None] | None) -> None:
        """Nothing: the arrays say it all."""

    def stepping(self, actions: np.ndarray) -> None:
        """Nothing: the arrays say it all."""

    def state_dict(self) -> dict[str, Any]:
        """Every array, and where the stream stands."""
        arrays = {name: torch.from_numpy(array.copy()) for name, array in self._arrays().items()}
        return {"arrays": arrays, "stream": self._vector.np_random.bit_generator.state}

    def load_state_dict(self, state: Mapping[str, Any]) -> Any:
        """Put the arrays back."""
        self._vector.reset(seed=0)  # makes all that there is
        self._vector.np_random.bit_generator.state = state["stream"]
        for name, tensor in state["arrays"].items():
            setattr(self._vector, name, tensor.numpy().copy())
        return self._vector.state.T.astype(np.float32)  # type: ignore[attr-defined]

    def _arrays(self) -> dict[str, np.ndarray]:
        return {name: value for name, value in vars(self._vector).items() if isinstance(value, np.ndarray)}


def saving_of(vector: VectorEnv[Any, Any, Any]) -> VectorSaving | None:
    """How this vector is saved; None where nobody knows."""
    inside = vector.unwrapped
    if isinstance(inside, SyncVectorEnv):
        return OneByOne(inside)
    if type(inside).__module__ == "gymnasium.envs.classic_control.cartpole":
        return AtOnce(inside)
    return None
