"""One environment of Gymnasium's, or anything with the same interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import torch

from allcore.core import State, state_to_dict
from allcore.environments.actions import ActionWriter
from allcore.environments.environment import Environment
from allcore.environments.episode_trace import EpisodeTrace, as_seen_before
from allcore.environments.gym_objects import name_of
from allcore.environments.gym_registry import make_gymnasium
from allcore.environments.gym_vector import GymVectorEnvironment, make_vector
from allcore.environments.spaces import ObservationReader, tensor_space
from allcore.environments.vector_environment import VectorEnvironment
from allcore.errors import UsageError


class GymEnvironment(Environment):
    """An environment of Gymnasium's that speaks `State`.

    Observations become tensors: float64 becomes float32, uint8 stays uint8, Dict and Tuple spaces become flat entries
    (`observation.image`). Actions are tensors, arrays or numbers; discrete ones count from 0, real-valued ones are
    clipped to the space's bounds. Rewards are Gymnasium's own.

    A terminated episode ends with mask 0; a truncated one, cut off by a time limit, with mask 1. Episodes follow one
    another as `Environment` says.

    Args:
        environment: a Gymnasium id such as `CartPole-v1`, or `module:id` to import the module that registers it; or an
            environment object.
        device: where the tensors go.
        key: what to type to get this environment again; without one, `gym:ID`.
        make: makes another environment like the object that was given, from the options; `duplicate` needs it where
            the object has no `spec` of Gymnasium's.
        **options: passed to `gymnasium.make`, or to `make`, such as `render_mode="rgb_array"`, `max_episode_steps=200`.

    Raises:
        UnknownEnvironmentError: Gymnasium has no such id.
        UsageError: a package that the environment needs is not installed, an option does not exist, or a space has
            parts that cannot be tensors.
    """

    def __init__(
        self,
        environment: str | gymnasium.Env,
        device: torch.device | str = "cpu",
        *,
        key: str | None = None,
        make: Callable[..., gymnasium.Env] | None = None,
        **options: Any,
    ) -> None:
        self._id = environment if isinstance(environment, str) else None
        if self._id is None and make is None and options:
            raise UsageError(f"These options come too late for an environment object: {', '.join(options)}.")
        self._env = make_gymnasium(environment, **options) if isinstance(environment, str) else environment
        self._make = partial(make, **options) if make is not None else None
        self._options = options
        described = (f"gym:{environment}", options) if isinstance(environment, str) else name_of(self._env)
        self._key, self._described = (key, options) if key is not None else described
        self._device = torch.device(device)
        self._observation_space = tensor_space(self._env.observation_space)
        self._read = ObservationReader(self._env.observation_space, self._device)
        self._actions = ActionWriter(self._env.action_space)
        self._trace = EpisodeTrace(self._env)
        self._state: State | None = None

    def reset(self, seed: int | None = None) -> State:
        """Start a new episode.

        Args:
            seed: handed on to Gymnasium as it is, so that its own environment does the same with it.
        """
        self._trace.begin(seed)
        observation, _ = self._env.reset(seed=seed)
        self._state = State(self._read(observation))
        return self._state

    def step(self, action: Any) -> State:
        """Take one step; on a done environment start the next episode instead, ignoring the action."""
        if self.state.done:
            return self.reset()
        chosen = self._actions.one(action)
        self._trace.add(chosen)
        observation, reward, terminated, truncated, _ = self._env.step(chosen)
        entries: dict[str, Any] = self._read(observation)
        entries["reward"] = float(reward)
        entries["done"] = bool(terminated or truncated)
        entries["mask"] = 0.0 if terminated else 1.0
        self._state = State(entries)
        return self._state

    def state_dict(self) -> dict[str, Any] | None:
        """How the newest moment came about, and what it looked like; None if the environment cannot be saved."""
        trace = None if self._state is None else self._trace.state_dict()
        return None if trace is None else {"moment": trace, "state": state_to_dict(self._state)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Find the moment that `state_dict` saved again, by playing its episode once more.

        Raises:
            CheckpointError: what is seen there is not what was seen then.
        """
        moment = self._trace.retrace(state["moment"])
        seen = {**self._read(moment.observation), "reward": moment.reward}
        seen |= {"done": moment.terminated or moment.truncated, "mask": 0.0 if moment.terminated else 1.0}
        self._state = as_seen_before(self, state["state"], seen)

    def duplicate(self, n: int) -> VectorEnvironment:
        """A vector of `n` environments like this one, through `gymnasium.make_vec`.

        Raises:
            UsageError: it was made from an object that cannot be made again.
        """
        recipe = self._id or self._make or self._env.spec
        if recipe is None:
            raise UsageError(
                f"{self!r} was made from an object, which cannot be made again.",
                hint="Give it an id, or a function that makes another: GymEnvironment(env, make=lambda: MyEnv()).",
            )
        vector = make_vector(recipe, n, like=self._env, options=self._options)
        return GymVectorEnvironment(vector, self._device, key=self._key)

    def renderable(self) -> Environment:
        """An environment like this one whose `render` gives pictures: itself, if it does already."""
        if self._env.render_mode is not None or self._id is None:
            return self
        options = {**self._options, "render_mode": "rgb_array"}
        return GymEnvironment(self._id, self._device, key=self._key, **options)

    def render(self) -> np.ndarray | None:
        """The picture of the current state, `[H, W, 3]` uint8, or None if it is shown in a window.

        Raises:
            UsageError: the environment was made without a render mode.
        """
        if self._env.render_mode is None:
            raise UsageError(
                f"{self!r} was not asked for pictures when it was made.",
                hint="Use env.renderable(), or make it with render_mode='rgb_array'.",
            )
        picture = self._env.render()
        return picture if isinstance(picture, np.ndarray) else None

    def close(self) -> None:
        """Free what the simulator holds. Calling it twice does no harm."""
        self._env.close()

    @property
    def state(self) -> State:
        """The newest state.

        Raises:
            UsageError: the environment has not been reset yet.
        """
        if self._state is None:
            raise UsageError(f"{self!r} has no state yet.", hint="Call reset() first.")
        return self._state

    @property
    def name(self) -> str:
        """The id, or the name of the function that made it, without what a folder's name cannot have."""
        return self._key.rpartition(":")[2].replace("/", "-")

    @property
    def key(self) -> str:
        """What to type to get this environment again."""
        return self._key

    @property
    def options(self) -> dict[str, Any]:
        """The options that `gymnasium.make`, or the function that made it, was given."""
        return dict(self._described)

    @property
    def observation_space(self) -> gymnasium.Space[Any]:
        """The space of one observation as tensors hold it."""
        return self._observation_space

    @property
    def action_space(self) -> gymnasium.Space[Any]:
        """The space of one action; discrete ones count from 0."""
        return self._actions.space

    @property
    def device(self) -> torch.device:
        """Where the tensors of the states lie."""
        return self._device
