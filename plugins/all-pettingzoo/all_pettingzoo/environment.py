"""A game of PettingZoo's, or anything with the same interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import Space, spaces
from pettingzoo import AECEnv, ParallelEnv  # type: ignore[import-untyped]
from pettingzoo.utils import parallel_to_aec  # type: ignore[import-untyped]

from allcore.core import MultiagentState, state_to_dict
from allcore.environments import MultiagentEnvironment
from allcore.environments.actions import ActionWriter
from allcore.environments.episode_trace import as_seen_before
from allcore.environments.spaces import ObservationReader, tensor_space
from allcore.errors import UsageError
from allcore.seeding import Seeds

_OBSERVATION, _MASK = "observation", "action_mask"


class PettingZooEnvironment(MultiagentEnvironment):
    """A game of PettingZoo's (agent-environment cycle) that speaks `MultiagentState`.

    Observations become tensors, vectors of numbers unless they are pixels. Where the game says which actions are legal
    (`action_mask`), states have that as an entry `action_mask` (bool, `[A]`), and it is no part of the observation. Actions
    are tensors, arrays or numbers.

    An illegal action is replaced by a legal one, drawn at random with equal chances. So agents may explore as in any other
    environment, and one that knows nothing of legal actions plays on: to it an illegal action is worth what a random legal one
    is, which is never more than the best.

    Each episode is seeded anew, from the seed of the last `reset` with one: games that draw a seed of their own when they are
    given none would otherwise not be the same twice.

    Args:
        game: an environment object.
        device: where the tensors go.
        key: what to type to get this environment again; without one, the class's name and module.
        make: makes another game like the one that was given, from the options; `duplicate` and `renderable` need it.
        flatten: make a vector of whatever is not pixels; otherwise observations keep their shapes.
        replace_illegal: see above; otherwise the game gets illegal actions and does with them what it likes (PettingZoo's
            own end the episode, and the agent loses).
        **options: what `make` was given, such as `render_mode="rgb_array"`.

    Raises:
        UsageError: a space has parts that cannot be tensors.
    """

    def __init__(
        self,
        game: AECEnv[str, Any, Any] | ParallelEnv[str, Any, Any],
        device: torch.device | str = "cpu",
        *,
        key: str | None = None,
        make: Callable[..., AECEnv[str, Any, Any] | ParallelEnv[str, Any, Any]] | None = None,
        flatten: bool = True,
        replace_illegal: bool = True,
        **options: Any,
    ) -> None:
        self._env = parallel_to_aec(game) if isinstance(game, ParallelEnv) else game
        self._key = key or f"{type(self._env.unwrapped).__module__}:{type(self._env.unwrapped).__qualname__}"
        self._make = make
        self._flatten = flatten
        self._replace_illegal = replace_illegal
        self._options = options
        self._device = torch.device(device)
        self._agents = tuple(self._env.possible_agents)
        raw = {agent: _without_mask(self._env.observation_space(agent)) for agent in self._agents}
        self._flattened = {agent: space for agent, space in raw.items() if flatten and not _is_pixels(space)}
        shown = {agent: _vector(space) if agent in self._flattened else space for agent, space in raw.items()}
        self._observation_spaces = {agent: tensor_space(space) for agent, space in shown.items()}
        self._read = {agent: ObservationReader(space, self._device) for agent, space in shown.items()}
        self._actions = {agent: ActionWriter(self._env.action_space(agent)) for agent in self._agents}
        self._seeds: Seeds | None = None
        self._episode = 0
        self._generator = np.random.default_rng()
        self._state: MultiagentState | None = None
        self._legal: np.ndarray | None = None
        self._taken: list[Any] = []  # what the game was told since the episode's start

    def reset(self, seed: int | None = None) -> MultiagentState:
        """Start a new episode."""
        if seed is not None:
            self._seeds, self._episode = Seeds(seed), 0
            self._generator = np.random.default_rng(self._seeds.integer("illegal actions"))
        self._env.reset(seed=None if self._seeds is None else self._seeds.integer("episode", self._episode))
        self._episode += 1
        self._taken = []
        return self._show()

    def step(self, action: Any) -> MultiagentState:
        """Take the action of the agent whose turn it is; where its state is done, the action is ignored."""
        if self.done:
            return self.reset()
        if self.state.done:
            return self._tell(None)
        return self._tell(self._actions[self.state.agent].one(self._made_legal(action)))

    def state_dict(self) -> dict[str, Any] | None:
        """The episode's seed and what the game was told since; None if it was never given a seed."""
        if self._seeds is None:
            return None
        return {
            "seed": self._seeds.root,
            "episode": self._episode,
            "taken": [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in self._taken],
            "illegal_actions": self._generator.bit_generator.state,
            "state": state_to_dict(self._state),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Find the moment that `state_dict` saved again, by playing its episode once more.

        Raises:
            CheckpointError: what is seen there is not what was seen then.
        """
        self._seeds, self._episode = Seeds(state["seed"]), state["episode"] - 1
        self.reset()
        for action in state["taken"]:
            self._tell(action.numpy() if isinstance(action, torch.Tensor) else action)
        self._generator.bit_generator.state = state["illegal_actions"]
        seen = {name: self.state[name] for name in self.state.keys() if name.startswith(_OBSERVATION)}  # noqa: SIM118
        self._state = as_seen_before(self, state["state"], seen)

    def duplicate(self) -> PettingZooEnvironment:
        """Another game like this one.

        Raises:
            UsageError: it was made from an object that cannot be made again.
        """
        return self._again(self._options)

    def renderable(self) -> PettingZooEnvironment:
        """An environment like this one whose `render` gives pictures: itself, if it does already.

        Raises:
            UsageError: it cannot be made again, or not with a render mode.
        """
        if self._render_mode is not None:
            return self
        try:
            return self._again({**self._options, "render_mode": "rgb_array"})
        except TypeError as error:
            raise UsageError(f"{self!r} cannot be looked at: {error}.") from error

    def render(self) -> np.ndarray | None:
        """The picture of the current state, `[H, W, 3]` uint8, or None if it is shown in a window.

        Raises:
            UsageError: the environment was made without a render mode.
        """
        if self._render_mode is None:
            raise UsageError(
                f"{self!r} was not asked for pictures when it was made.",
                hint="Use env.renderable(), or make it with render_mode='rgb_array'.",
            )
        picture = self._env.render()
        return picture if isinstance(picture, np.ndarray) else None

    def close(self) -> None:
        """Free what the game holds. Calling it twice does no harm."""
        self._env.close()

    @property
    def state(self) -> MultiagentState:
        """The newest state.

        Raises:
            UsageError: the environment has not been reset yet.
        """
        if self._state is None:
            raise UsageError(f"{self!r} has no state yet.", hint="Call reset() first.")
        return self._state

    @property
    def done(self) -> bool:
        """Whether the newest state is the last final one of the episode."""
        # PettingZoo forgets agents as soon as they have answered their final states.
        return bool(self.state.done) and len(self._env.agents) == 1

    def is_done(self, agent: str) -> bool:
        """Whether the part of `agent` in this episode has ended."""
        ended = self._env.terminations.get(agent, True) or self._env.truncations.get(agent, True)
        return agent not in self._env.agents or bool(ended)

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of all agents that may take part."""
        return self._agents

    def observation_space(self, agent: str) -> Space[Any]:
        """The space of one observation of `agent` as tensors hold it."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Space[Any]:
        """The space of one action of `agent`; discrete ones count from 0."""
        return self._actions[agent].space

    @property
    def name(self) -> str:
        """The game's name."""
        return self._key.rpartition(":")[2]

    @property
    def key(self) -> str:
        """What to type to get this environment again."""
        return self._key

    @property
    def options(self) -> dict[str, Any]:
        """The game's options, and those of this class that are not as usual."""
        own = {"flatten": self._flatten, "replace_illegal": self._replace_illegal}
        return {**self._options, **{name: value for name, value in own.items() if not value}}

    @property
    def device(self) -> torch.device:
        """Where the tensors of the states lie."""
        return self._device

    # ---- private

    @property
    def _render_mode(self) -> str | None:
        return getattr(self._env.unwrapped, "render_mode", None)

    def _again(self, options: dict[str, Any]) -> PettingZooEnvironment:
        if self._make is None:
            raise UsageError(
                f"{self!r} was made from an object, which cannot be made again.",
                hint="Give it a function that makes another: PettingZooEnvironment(game, make=lambda **options: ...).",
            )
        return PettingZooEnvironment(
            self._make(**options),
            self._device,
            key=self._key,
            make=self._make,
            flatten=self._flatten,
            replace_illegal=self._replace_illegal,
            **options,
        )

    def _tell(self, action: Any) -> MultiagentState:
        self._taken.append(action)
        self._env.step(action)
        return self._show()

    def _show(self) -> MultiagentState:
        agent = self._env.agent_selection
        observation, reward, terminated, truncated, _ = self._env.last()
        self._legal = None
        if isinstance(observation, dict) and _MASK in observation:
            self._legal = np.array(observation[_MASK], dtype=bool)
            observation = observation[_OBSERVATION]
        if agent in self._flattened:
            observation = spaces.flatten(self._flattened[agent], observation)
        entries: dict[str, Any] = {"agent": agent, **self._read[agent](observation)}
        entries["reward"] = float(reward)
        entries["done"] = bool(terminated or truncated)
        entries["mask"] = 0.0 if terminated else 1.0
        if self._legal is not None:
            entries[_MASK] = torch.from_numpy(self._legal).to(self._device)
        self._state = MultiagentState(entries)
        return self._state

    def _made_legal(self, action: Any) -> Any:
        if not self._replace_illegal or self._legal is None or self._legal[int(action)]:
            return action
        return int(self._generator.choice(np.flatnonzero(self._legal)))


def _without_mask(space: Space[Any]) -> Space[Any]:
    """The space of what is seen, where the space has another part for the legal actions."""
    if isinstance(space, spaces.Dict) and space.spaces.keys() == {_OBSERVATION, _MASK}:
        return space[_OBSERVATION]
    return space


def _is_pixels(space: Space[Any]) -> bool:
    return isinstance(space, spaces.Box) and space.dtype == np.uint8 and len(space.shape) == 3


def _vector(space: Space[Any]) -> spaces.Box:
    """The space of flattened observations; one of truth values becomes one of small numbers, with which networks can count."""
    flat = spaces.flatten_space(space)
    assert isinstance(flat, spaces.Box)
    return spaces.Box(0, 1, flat.shape, np.int8) if flat.dtype == np.bool_ else flat
