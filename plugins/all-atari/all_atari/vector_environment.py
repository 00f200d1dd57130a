"""Several Atari games of one kind, stepped together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete

from all_atari.emulators import Emulators, Frames, GameSettings
from all_atari.games import find_game
from allcore.core import StateArray, state_to_dict
from allcore.environments import VectorEnvironment
from allcore.environments.episode_trace import as_seen_before
from allcore.errors import UsageError


class AtariVectorEnvironment(VectorEnvironment):
    """Several games of one kind, stepped together; `AtariEnvironment` explains everything.

    Environment 0 plays what the single environment plays for the same seed and actions; environment i has a random stream
    of its own and depends on no other.

    Args:
        name: the game.
        num_envs: how many (E).
        device: where the tensors go.
        settings: how the game is played.
    """

    def __init__(
        self,
        name: str,
        num_envs: int,
        device: torch.device | str = "cpu",
        settings: GameSettings | None = None,
    ) -> None:
        if num_envs < 1:
            raise UsageError(f"A vector needs at least one environment, not {num_envs}.")
        self._name, rom = find_game(name)
        self._device = torch.device(device)
        self._settings = settings or GameSettings()
        self.frame_skip = self._settings.frame_skip
        self._emulators = Emulators(rom, num_envs, self._settings)
        self._state_array: StateArray | None = None

    def reset(self, seed: int | None = None) -> StateArray:
        """Start a new episode in every environment.

        Args:
            seed: starts every random stream afresh; environment i gets its own, derived from it.
        """
        return self._show(self._emulators.reset(seed))

    def step(self, actions: Any) -> StateArray:
        """Take one agent step in every environment; those that were done start their next episode instead."""
        if self._state_array is None:
            raise not_reset(self)
        if isinstance(actions, torch.Tensor):
            actions = actions.cpu().numpy()
        return self._show(self._emulators.step(np.asarray(actions, np.int64)))

    def state_dict(self) -> dict[str, Any]:
        """The seed, and each environment's actions since its emulator was last seeded."""
        return {**self._emulators.state_dict(), "state": state_to_dict(self._state_array)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Find the moment that `state_dict` saved; at most some 20,000 steps and an episode are played for it."""
        frames = self._emulators.load_state_dict(state)
        if frames is None:
            self._state_array = None
        else:
            seen = self._show(frames)
            now = {name: seen[name] for name in ("observation", "reward", "done", "mask")}
            self._state_array = as_seen_before(self, state["state"], now)

    def close(self) -> None:
        """Free the emulators. Calling it twice does no harm."""
        self._emulators.close()

    @property
    def state_array(self) -> StateArray:
        """The newest states, `[E]`.

        Raises:
            UsageError: the environments have not been reset yet.
        """
        if self._state_array is None:
            raise not_reset(self)
        return self._state_array

    @property
    def name(self) -> str:
        """The game's name."""
        return self._name

    @property
    def key(self) -> str:
        """What to type to get one of these environments again."""
        return f"atari:{self._name}"

    @property
    def num_envs(self) -> int:
        """How many environments there are (E)."""
        return self._emulators.num_envs

    @property
    def observation_space(self) -> Box:
        """One grey frame, `[1, 84, 84]` uint8."""
        return frame_space(self._settings)

    @property
    def action_space(self) -> Discrete:
        """The actions that the game has a use for, or all 18."""
        return Discrete(self._emulators.num_actions)

    @property
    def device(self) -> torch.device:
        """Where the tensors of the states lie."""
        return self._device

    def _show(self, frames: Frames) -> StateArray:
        entries = {
            # Not copied: the ALE hands out a new array at each step.
            "observation": frames.observation,
            "reward": frames.reward,
            "done": frames.done,
            "mask": (~frames.terminated).astype(np.float32),
            "life_lost": frames.life_lost,
        }
        tensors = {name: torch.from_numpy(array) for name, array in entries.items()}
        if self._device.type != "cpu":
            tensors = {name: tensor.to(self._device) for name, tensor in tensors.items()}
        self._state_array = StateArray(tensors, (self.num_envs,))
        return self._state_array


def frame_space(settings: GameSettings) -> Box:
    """The space of one grey frame, `[1, H, W]` uint8."""
    return Box(0, 255, (1, settings.screen_size, settings.screen_size), np.uint8)


def not_reset(env: object) -> UsageError:
    """The error for asking an environment for what it has only after its first reset."""
    return UsageError(f"{env!r} has no state yet.", hint="Call reset() first.")
