"""A preset for Atari games: any composition of an agent, in the body that Atari asks for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.spaces import Box

from all_atari.bodies import DeepmindAtariBody
from all_atari.models import needs_frames_and_discrete
from allcore.presets import Preset, PresetBuilder, Setting, described, values

if TYPE_CHECKING:
    from allcore.agents import Agent, ParallelAgent
    from allcore.logging import Logger


@dataclass(frozen=True, kw_only=True)
class AtariBodyHyperparameters:
    """What stands between an agent and a game."""

    frame_stack: int = described("Frames that the network sees.", unit="frames", at_least=1)
    clip_rewards: bool = described("Show the agent the signs of rewards.")
    episodic_lives: bool = described("Let a lost life count as an end, in a game that goes on.")


class AtariPreset(Preset):
    """A composition that sees stacked frames, and its agents in the usual Atari body."""

    def __init__(self, setting: Setting, composition: type[Preset]) -> None:
        """Build the `composition` for the observations that the body shows."""
        super().__init__(setting)
        hp = self.hyperparameters
        frame = setting.observation_space
        assert isinstance(frame, Box)
        stack = Box(0, 255, (hp.frame_stack * frame.shape[0], *frame.shape[1:]), np.uint8)
        self.composition = composition(dataclasses.replace(setting, observation_space=stack))
        self.parallel = self.composition.parallel

    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> Agent | ParallelAgent:
        """The composition's training agent, in the body."""
        hp = self.hyperparameters
        return DeepmindAtariBody(
            self.composition.agent(logger, train_steps),
            frame_stack=hp.frame_stack,
            clip_rewards=hp.clip_rewards,
            episodic_lives=hp.episodic_lives,
        )

    def test_agent(self) -> Agent:
        """The composition's test agent, in the body."""
        return DeepmindAtariBody(self.composition.test_agent(), frame_stack=self.hyperparameters.frame_stack)

    def parallel_test_agent(self) -> Agent | ParallelAgent:
        """The composition's parallel test agent, in the body."""
        return DeepmindAtariBody(
            self.composition.parallel_test_agent(), frame_stack=self.hyperparameters.frame_stack
        )


def atari_preset(
    name: str, composition: type[Preset], meanings: type[Any], **given: tuple[Any, str]
) -> PresetBuilder:
    """The preset `atari.NAME`.

    Args:
        name: the second half of its key.
        composition: how the agent is composed.
        meanings: the composition's hyperparameters class.
        given: values with their sources, as `allcore.presets.values` takes them.
    """
    nature = "Mnih et al. 2015, Methods"
    body = {"frame_stack": (4, nature), "clip_rewards": (True, nature), "episodic_lives": (True, nature)}
    hyperparameters = values(meanings, AtariBodyHyperparameters, **{**body, **given})
    make = partial(AtariPreset, composition=composition)
    return PresetBuilder(f"atari.{name}", hyperparameters, make, needs_frames_and_discrete)
