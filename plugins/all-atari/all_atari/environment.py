"""One Atari game, on the Arcade Learning Environment (ALE)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete

from all_atari.camera import Camera
from all_atari.emulators import Emulators, Frames, GameSettings
from all_atari.games import find_game
from all_atari.vector_environment import AtariVectorEnvironment, frame_space, not_reset
from allcore.core import State, state_to_dict
from allcore.environments import Environment
from allcore.environments.episode_trace import as_seen_before


class AtariEnvironment(Environment):
    """An Atari game: 84x84 grey frames, one at a time, and raw rewards of whole games.

    Stacking frames, clipping rewards and ending the learner's episodes with a life are the agent's business
    (`DeepmindAtariBody`); for that, the state's entry `life_lost` says whether a life was lost in a game that goes on.

    A step repeats the action for `frame_skip` emulator frames and shows the brighter of the last two at each point. A game
    that is over is terminated (mask 0). One that reaches `max_episode_frames` is truncated (mask 1); as in Gymnasium's
    AtariPreprocessing, an episode's last frame is that of before the step's last emulator frame.

    How an episode starts (measured, for `noop_max=30`): a game with a FIRE button presses it for one emulator frame and
    then does 0 to 28 no-ops, where 0 is twice as likely as each other number; a game without does 0 to 29. The papers say 1
    to 30, and Baselines presses FIRE after the no-ops.

    Everything follows from the seed and the actions. `state_dict` saves the moment, `load_state_dict` finds it again by
    playing the actions since the emulator was last seeded.

    Args:
        name: a game such as `Breakout` or `MsPacman`; capitals, `_`, `-` and spaces do not matter.
        device: where the tensors go.
        frame_skip: emulator frames per agent step.
        noop_max: an episode starts with fewer no-ops than this, in emulator frames; 0 for none.
        fire_reset: press FIRE at the start of an episode, in games that have it.
        sticky_actions: probability that the emulator, in each frame, repeats its previous action instead. Machado et al.
            (2018) use 0.25 in place of no-ops.
        full_action_space: all 18 actions rather than those that the game has a use for.
        max_episode_frames: emulator frames after which a game is cut off, no-ops not counted.
        screen_size: height and width of the frames.

    Raises:
        UnknownEnvironmentError: there is no such game.
        UsageError: an option is out of range.
    """

    def __init__(
        self,
        name: str,
        device: torch.device | str = "cpu",
        *,
        frame_skip: int = 4,
        noop_max: int = 30,
        fire_reset: bool = True,
        sticky_actions: float = 0.0,
        full_action_space: bool = False,
        max_episode_frames: int = 108_000,
        screen_size: int = 84,
    ) -> None:
        self._name, self._rom = find_game(name)
        self._device = torch.device(device)
        self._settings = GameSettings(
            frame_skip=frame_skip,
            noop_max=noop_max,
            fire_reset=fire_reset,
            sticky_actions=sticky_actions,
            full_action_space=full_action_space,
            max_episode_frames=max_episode_frames,
            screen_size=screen_size,
        )
        self.frame_skip = frame_skip
        self._emulators = Emulators(self._rom, 1, self._settings)
        self._camera: Camera | None = None
        self._state: State | None = None

    def reset(self, seed: int | None = None) -> State:
        """Start a new episode.

        Args:
            seed: starts the environment's random streams afresh; later episodes follow from it.
        """
        return self._show(self._emulators.reset(seed))

    def step(self, action: Any) -> State:
        """Take one agent step; on a done environment start the next episode instead, ignoring the action."""
        if self._state is None:
            raise not_reset(self)
        return self._show(self._emulators.step(np.array([int(action)])))

    def duplicate(self, n: int) -> AtariVectorEnvironment:
        """`n` environments like this one, each with its own random stream, stepped by threads of the ALE's."""
        return AtariVectorEnvironment(self._name, n, self._device, self._settings)

    def render(self) -> np.ndarray:
        """The screen in colour, `[H, W, 3]` uint8, at the console's own size."""
        if self._state is None:
            raise not_reset(self)
        if self._camera is None:
            self._camera = Camera(self._emulators)
        return self._camera.picture()

    def state_dict(self) -> dict[str, Any]:
        """The seed, and the actions since the emulator was last seeded."""
        return {**self._emulators.state_dict(), "state": state_to_dict(self._state)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Find the moment that `state_dict` saved; at most some 20,000 steps and an episode are played for it."""
        frames = self._emulators.load_state_dict(state)
        if frames is None:
            self._state = None
        else:
            seen = self._show(frames)
            now = {name: seen[name] for name in ("observation", "reward", "done", "mask")}
            self._state = as_seen_before(self, state["state"], now)

    def close(self) -> None:
        """Free the emulator. Calling it twice does no harm."""
        self._emulators.close()
        if self._camera is not None:
            self._camera.close()

    @property
    def state(self) -> State:
        """The newest state.

        Raises:
            UsageError: the environment has not been reset yet.
        """
        if self._state is None:
            raise not_reset(self)
        return self._state

    @property
    def name(self) -> str:
        """The game's name."""
        return self._name

    @property
    def key(self) -> str:
        """What to type to get this environment again."""
        return f"atari:{self._name}"

    @property
    def options(self) -> dict[str, Any]:
        """How the game is played, where that is not the default."""
        default = GameSettings()
        played = dataclasses.asdict(self._settings)
        return {name: value for name, value in played.items() if value != getattr(default, name)}

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

    def _show(self, frames: Frames) -> State:
        observation = torch.from_numpy(frames.observation[0])
        entries = {
            "observation": observation if self._device.type == "cpu" else observation.to(self._device),
            "reward": float(frames.reward[0]),
            "done": bool(frames.done[0]),
            "mask": 0.0 if frames.terminated[0] else 1.0,
            "life_lost": bool(frames.life_lost[0]),
        }
        self._state = State(entries)
        return self._state
