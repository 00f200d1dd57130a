"""Emulators of one game, stepped together, whose every moment can be found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from ale_py import Action, ALEInterface, LoggerMode, roms
from ale_py.vector_env import AtariVectorEnv

from allcore.errors import CheckpointError, UsageError
from allcore.experiments.threads import simulator_threads
from allcore.seeding import Seeds

#: Agent steps after which an emulator is seeded anew, when its next episode starts. Seeding makes the emulator load its
#: ROM again, which takes as long as 200 to 300 agent steps; what came since has to be replayed to find a moment again.
RESEED_AFTER = 20_000


@dataclass(frozen=True, kw_only=True)
class GameSettings:
    """How a game is played; `AtariEnvironment` explains each."""

    frame_skip: int = 4
    noop_max: int = 30
    fire_reset: bool = True
    sticky_actions: float = 0.0
    full_action_space: bool = False
    max_episode_frames: int = 108_000
    screen_size: int = 84

    def __post_init__(self) -> None:
        for name, least in (
            ("frame_skip", 1),
            ("noop_max", 0),
            ("max_episode_frames", 1),
            ("screen_size", 1),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise UsageError(f"{name} is a whole number of at least {least}, not {value!r}.")
        for name in ("fire_reset", "full_action_space"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} is true or false, not {getattr(self, name)!r}.")
        sticky = self.sticky_actions
        if isinstance(sticky, bool) or not isinstance(sticky, (int, float)) or not 0 <= sticky < 1:
            raise UsageError(f"sticky_actions is a probability below 1, not {sticky!r}.")


@dataclass
class Frames:
    """What E games show after an agent step; every array is `[E, ...]`."""

    observation: np.ndarray  # [E, 1, H, W] uint8, or [E, 1, H, W, 3] in colour
    reward: np.ndarray  # float32, raw
    terminated: np.ndarray  # bool
    truncated: np.ndarray  # bool
    done: np.ndarray  # bool: terminated or truncated
    lives: np.ndarray  # int32
    life_lost: np.ndarray  # bool: fewer lives than a step before, in a game that goes on


class Emulators:
    """E emulators on the ALE's own vector environment, with next-step autoreset.

    Emulator i plays *stretches* of episodes, each started with a seed that is derived from the root seed, i and the
    stretch's number. Within a stretch everything follows from the seed and the actions, and nothing from the other
    emulators, so a moment is saved as its stretch and the actions so far, and found again by playing them.

    Args:
        rom: the ROM's name, such as `ms_pacman`.
        num_envs: how many (E).
        settings: how the game is played.
        picture: show frames as they are on the screen, in colour, at this height and width.
    """

    def __init__(
        self, rom: str, num_envs: int, settings: GameSettings, *, picture: tuple[int, int] | None = None
    ) -> None:
        self.num_envs, self.settings, self.rom = num_envs, settings, rom
        height, width = picture or (settings.screen_size, settings.screen_size)
        self._vector = AtariVectorEnv(
            rom,
            num_envs,
            # By itself it counts all cores of the machine, also those that a container, a job or another run is to have.
            num_threads=min(num_envs, simulator_threads()),
            max_num_frames_per_episode=settings.max_episode_frames,
            repeat_action_probability=settings.sticky_actions,
            full_action_space=settings.full_action_space,
            img_height=height,
            img_width=width,
            grayscale=picture is None,
            stack_num=1,
            frameskip=settings.frame_skip,
            noop_max=settings.noop_max,
            reward_clipping=False,
            # With the full action set every game seems to have FIRE; only those that do have it are to press it.
            use_fire_reset=settings.fire_reset and (not settings.full_action_space or has_fire(rom)),
        )
        self.num_actions = len(self._vector.ale.get_action_set())
        self.root: int | None = None
        self.stretches = np.zeros(num_envs, np.int64)
        self.beginnings = np.zeros(num_envs, np.int64)  # how often a stretch was begun, for whoever follows
        self.lengths = np.zeros(num_envs, np.int64)  # agent steps since the stretch began, resets included
        longest = RESEED_AFTER + settings.max_episode_frames // settings.frame_skip + 2
        self.actions = np.zeros(
            (num_envs, longest), np.uint8
        )  # in each stretch; the first `lengths` are valid
        self.frames: Frames | None = None
        self._rows = np.arange(num_envs)
        self._over = np.zeros(num_envs, bool)  # whose episode is over, so that the next step starts another

    def reset(self, seed: int | None = None) -> Frames:
        """Start a new episode in every emulator.

        Args:
            seed: starts everything afresh; without it, later stretches of the same root seed follow.
        """
        if seed is not None or self.root is None:
            self.root = Seeds(seed).root
            self.stretches[:] = 0
        elif self._over.all():
            return self.step(np.zeros(self.num_envs, np.int64))
        else:
            self.stretches += 1
        return self._begin(np.ones(self.num_envs, bool))

    def step(self, actions: np.ndarray) -> Frames:
        """Take one agent step; emulators whose episode is over start the next one instead.

        Args:
            actions: `[E]`, int64.

        Raises:
            UsageError: an action is not one of the game's.
        """
        if not all(0 <= action < self.num_actions for action in actions.tolist()):
            raise UsageError(
                f"{actions.tolist()} are not all actions of {self.rom}: 0 to {self.num_actions - 1}."
            )
        starting = self._over
        self.actions[self._rows, self.lengths] = actions
        self.lengths += 1
        frames = self._play(actions)
        if np.count_nonzero(starting):  # much faster than starting.any()
            due = starting & (self.lengths > RESEED_AFTER)
            if due.any():
                self.stretches[due] += 1
                return self._begin(due)
        return frames

    def begin_stretch(self, root: int | None, stretch: int) -> Frames:
        """Begin the stretch of this number in every emulator."""
        self.root = root
        self.stretches[:] = stretch
        return self._begin(np.ones(self.num_envs, bool))

    def state_dict(self) -> dict[str, Any]:
        """Where each emulator stands: the root seed, its stretch, and the actions in it so far."""
        actions = [
            torch.from_numpy(row[:length].copy())
            for row, length in zip(self.actions, self.lengths, strict=True)
        ]
        return {"seed": self.root, "stretches": self.stretches.tolist(), "actions": actions}

    def load_state_dict(self, state: Mapping[str, Any]) -> Frames | None:
        """Go on from what `state_dict` gave, by playing it again; None if nothing had been played yet.

        Raises:
            CheckpointError: it was saved with another number of emulators.
        """
        if state["seed"] is None:
            return None
        histories = [np.asarray(actions, np.int64) for actions in state["actions"]]
        if len(histories) != self.num_envs:
            raise CheckpointError(
                f"This was saved with {len(histories)} emulators, and there are {self.num_envs}."
            )
        if any((history < 0).any() or (history >= self.num_actions).any() for history in histories):
            raise CheckpointError(f"This holds actions that {self.rom} does not have.")
        self.root = int(state["seed"])
        self.stretches[:] = state["stretches"]
        longest = max(map(len, histories))
        # All end at the same time, so those with shorter histories begin later; until then they play anything.
        frames = self._begin(np.ones(self.num_envs, bool))
        for time in range(longest):
            at = [time - (longest - len(history)) for history in histories]
            chosen = [int(history[i]) if i >= 0 else 0 for history, i in zip(histories, at, strict=True)]
            frames = self._play(np.array(chosen, np.int64))
            beginning = np.array([i == -1 for i in at])
            if beginning.any():
                frames = self._begin(beginning)
        for row, history in enumerate(histories):
            self.actions[row, : len(history)] = history
            self.lengths[row] = len(history)
        return frames

    def close(self) -> None:
        """Free the emulators and their threads."""
        if hasattr(self._vector, "ale"):
            del self._vector.ale

    def _play(self, actions: np.ndarray) -> Frames:
        """One agent step, or the start of an episode where one is over."""
        observation, reward, terminated, truncated, info = self._vector.step(actions)
        lives, over = info["lives"], terminated | truncated
        assert self.frames is not None
        life_lost = lives < self.frames.lives
        if np.count_nonzero(life_lost):
            life_lost &= ~terminated & ~self._over
        self.frames = Frames(
            observation, reward.astype(np.float32), terminated, truncated, over, lives, life_lost
        )
        self._over = over
        return self.frames

    def _begin(self, chosen: np.ndarray) -> Frames:
        """Begin the current stretch of the chosen emulators; the others stay where they are."""
        seeds = [self._seed(int(row)) for row in np.flatnonzero(chosen)]
        observation, info = self._vector.reset(seed=np.array(seeds), options={"reset_mask": chosen})
        self.lengths[chosen] = 0
        self.beginnings[chosen] += 1
        kept = ~chosen
        self._over = self._over & kept
        none = np.zeros(self.num_envs, bool)
        old = self.frames or Frames(
            observation, none.astype(np.float32), none, none, none, info["lives"], none
        )
        self.frames = Frames(
            observation,
            old.reward * kept,
            old.terminated & kept,
            old.truncated & kept,
            self._over,
            info["lives"],
            old.life_lost & kept,
        )
        return self.frames

    def _seed(self, row: int) -> int:
        of_emulator = Seeds(self.root).integer("emulator", row)
        return Seeds(of_emulator).integer("stretch", int(self.stretches[row]))


def has_fire(rom: str) -> bool:
    """Whether FIRE is among the actions that a game has a use for."""
    return Action.FIRE in _load(rom).getMinimalActionSet()


def screen_dimensions(rom: str) -> tuple[int, int]:
    """The height and width of a game's screen."""
    height, width = _load(rom).getScreenDims()
    return height, width


def _load(rom: str) -> ALEInterface:
    ALEInterface.setLoggerMode(LoggerMode.Error)
    emulator = ALEInterface()
    path = roms.get_rom_path(rom)
    assert path is not None
    emulator.loadROM(path)
    return emulator
