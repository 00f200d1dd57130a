"""Several environments of Gymnasium's, stepped together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from allcore.core import StateArray, state_to_dict
from allcore.environments.actions import ActionWriter
from allcore.environments.episode_trace import as_seen_before
from allcore.environments.gym_registry import without_deprecations
from allcore.environments.spaces import ObservationReader, tensor_space
from allcore.environments.vector_environment import VectorEnvironment
from allcore.environments.vector_saving import saving_of
from allcore.errors import CheckpointError, UsageError
from allcore.seeding import environment_seeds


class GymVectorEnvironment(VectorEnvironment):
    """A vector environment of Gymnasium's that speaks `StateArray`. Tensors are as in `GymEnvironment`.

    Args:
        vector: resets on the next step, which is Gymnasium's default.
        device: where the tensors go.
        key: what to type to get one of these environments again.

    Raises:
        UsageError: the vector resets in another way, or a space has parts that cannot be tensors.
    """

    def __init__(self, vector: VectorEnv, device: torch.device | str = "cpu", *, key: str) -> None:
        mode = vector.metadata.get("autoreset_mode")
        if mode != AutoresetMode.NEXT_STEP:
            raise UsageError(
                f"The vector of {key!r} has autoreset_mode {mode}; episode ends would be read wrongly.",
                hint="Make it with autoreset_mode=gymnasium.vector.AutoresetMode.NEXT_STEP.",
            )
        self._vector = vector
        self._key = key
        self._device = torch.device(device)
        self._observation_space = tensor_space(vector.single_observation_space)
        self._read = ObservationReader(vector.single_observation_space, self._device)
        self._actions = ActionWriter(vector.single_action_space)
        self._saving = saving_of(vector)
        self._state_array: StateArray | None = None
        self._closed = False

    def reset(self, seed: int | None = None) -> StateArray:
        """Start a new episode in every environment.

        Args:
            seed: environment 0 gets it as it is, so that it does what a single one does; environment i gets one that
                is derived from it. A vector that draws for all environments from one stream (CartPole's) gets it whole.
        """
        seeds = self._seeds(seed)
        if self._saving is not None:
            self._saving.resetting(seeds)
        observations, _ = self._vector.reset(seed=seeds)
        self._state_array = StateArray(self._read(observations), (self.num_envs,))
        return self._state_array

    def step(self, actions: Any) -> StateArray:
        """Take one step in every environment; those that were done start their next episode instead."""
        chosen = self._actions.many(actions)
        if self._saving is not None:
            self._saving.stepping(chosen)
        observations, rewards, terminated, truncated, _ = self._vector.step(chosen)
        entries = self._read(observations)
        entries["reward"] = self._tensor(rewards.astype(np.float32))
        entries["done"] = self._tensor(terminated | truncated)
        entries["mask"] = self._tensor(1 - terminated.astype(np.float32))
        self._state_array = StateArray(entries, (self.num_envs,))
        return self._state_array

    def state_dict(self) -> dict[str, Any] | None:
        """How the newest moment came about, and what it looked like; None if the simulators cannot be saved."""
        moment = None if self._saving is None or self._state_array is None else self._saving.state_dict()
        return None if moment is None else {"moment": moment, "state": state_to_dict(self._state_array)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Find the moment that `state_dict` saved again.

        Raises:
            CheckpointError: what is seen there is not what was seen then.
        """
        if self._saving is None:
            raise CheckpointError(f"{self!r} cannot be saved, and goes on from nothing")
        seen = self._read(self._saving.load_state_dict(state["moment"]))
        self._state_array = as_seen_before(self, state["state"], seen)

    def close(self) -> None:
        """Free what the simulators hold. Calling it twice does no harm."""
        if not self._closed:  # Gymnasium warns of the second time
            self._closed = True
            self._vector.close()

    @property
    def state_array(self) -> StateArray:
        """The newest states, `[E]`.

        Raises:
            UsageError: the environments have not been reset yet.
        """
        if self._state_array is None:
            raise UsageError(f"{self!r} has no states yet.", hint="Call reset() first.")
        return self._state_array

    @property
    def name(self) -> str:
        """The id, or the name of the function that made it, without what a folder's name cannot have."""
        return self._key.rpartition(":")[2].replace("/", "-")

    @property
    def key(self) -> str:
        """What to type to get one of these environments again."""
        return self._key

    @property
    def num_envs(self) -> int:
        """How many environments there are (E)."""
        return self._vector.num_envs

    @property
    def observation_space(self) -> gymnasium.Space[Any]:
        """The space of one environment's observation as tensors hold it."""
        return self._observation_space

    @property
    def action_space(self) -> gymnasium.Space[Any]:
        """The space of one environment's action; discrete ones count from 0."""
        return self._actions.space

    @property
    def device(self) -> torch.device:
        """Where the tensors of the states lie."""
        return self._device

    def _seeds(self, seed: int | None) -> Any:
        if seed is None or not isinstance(self._vector.unwrapped, (SyncVectorEnv, AsyncVectorEnv)):
            return seed
        return environment_seeds(seed, self.num_envs)

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(array)
        return tensor if self._device.type == "cpu" else tensor.to(self._device)


def make_vector(
    recipe: str | EnvSpec | Callable[[], gymnasium.Env],
    n: int,
    *,
    like: gymnasium.Env,
    options: Mapping[str, Any],
) -> VectorEnv:
    """The fastest vector of `n` environments that Gymnasium has for a recipe.

    That is the environment's own vector version where it has one, and one after the other in this process if not:
    what a step of a typical Gymnasium environment costs is less than what sending it to another process would.

    Args:
        recipe: an id, a spec, or a function that makes one environment.
        n: how many.
        like: one such environment, whose spaces the vector must have.
        options: passed to `gymnasium.make_vec`.
    """
    if n < 1:
        raise UsageError(f"A vector needs at least one environment, not {n}.")
    if callable(recipe):
        # Without its copy of the observations: they are copied when they become tensors.
        return SyncVectorEnv([recipe] * n, copy=False)
    with without_deprecations():
        return _make_registered(recipe, n, like=like, options=options)


def _make_registered(
    recipe: str | EnvSpec, n: int, *, like: gymnasium.Env, options: Mapping[str, Any]
) -> VectorEnv:
    if _has_own_vector(recipe):
        vector = gymnasium.make_vec(recipe, n, vectorization_mode="vector_entry_point", **options)
        # Some (the ALE's) preprocess what the single environment leaves raw: that would be another environment.
        if vector.single_observation_space == like.observation_space:
            return vector
        vector.close()
    return gymnasium.make_vec(recipe, n, vectorization_mode="sync", vector_kwargs={"copy": False}, **options)


def _has_own_vector(recipe: str | EnvSpec) -> bool:
    # Gymnasium refuses its own vector versions of environments that have wrappers in their spec.
    spec = gymnasium.spec(recipe.rpartition(":")[2]) if isinstance(recipe, str) else recipe
    return spec.vector_entry_point is not None and not spec.additional_wrappers
