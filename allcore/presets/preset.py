"""A preset: an agent composed for one kind of environment, with its networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from gymnasium.spaces import Discrete
from torch import nn

from allcore import __version__
from allcore.checkpoint import save_tensors
from allcore.environments.spaces import space_to_json
from allcore.errors import DomainError
from allcore.presets.hyperparameters import as_dict

if TYPE_CHECKING:
    from pathlib import Path

    from gymnasium import Space

    from allcore.agents import Agent, ParallelAgent
    from allcore.logging import Logger
    from allcore.seeding import Seeds


@dataclass(frozen=True, kw_only=True)
class Setting:
    """All that a preset is built from.

    Attributes:
        name: the preset's key, such as `classic.dqn`.
        environment: what to type to get the environment, such as `gym:CartPole-v1`.
        observation_space: the space of one observation.
        action_space: the space of one action.
        hyperparameters: an instance of the preset's hyperparameters class.
        device: where networks and minibatches lie.
        seeds: the random streams of the run.
    """

    name: str
    environment: str
    observation_space: Space[Any]
    action_space: Space[Any]
    hyperparameters: Any
    device: torch.device
    seeds: Seeds

    @property
    def n_actions(self) -> int:
        """How many actions there are to choose from (A).

        Raises:
            DomainError: the actions are no choice of several.
        """
        if not isinstance(self.action_space, Discrete):
            raise DomainError(
                f"{self.name} chooses one of several actions; {self.environment} has {self.action_space}"
            )
        return int(self.action_space.n)


class Preset(nn.Module, ABC):
    """Networks, hyperparameters, and how an agent is composed of them.

    Agents of one preset share its networks; test agents copy them, so that agents of several points in training can
    be compared. A subclass makes its networks in its constructor, as attributes, and says how the agents are composed.
    """

    def __init__(self, setting: Setting) -> None:
        """Keep the `setting`; a subclass goes on by making its networks on `self.device`."""
        super().__init__()
        self.setting = setting
        self.device = setting.device
        self.seeds = setting.seeds

    @property
    def name(self) -> str:
        """The preset's key, such as `classic.dqn`."""
        return self.setting.name

    @property
    def hyperparameters(self) -> Any:
        """The values that the preset was built with."""
        return self.setting.hyperparameters

    @property
    def n_envs(self) -> int:
        """How many environments the agent is trained in at once."""
        return int(getattr(self.hyperparameters, "n_envs", 1))

    #: Whether the training agent is a `ParallelAgent`, which takes a `StateArray` even from one environment.
    parallel: bool = False

    @abstractmethod
    def agent(self, logger: Logger | None = None, train_steps: float = float("inf")) -> Agent | ParallelAgent:
        """A training agent on this preset's networks.

        Args:
            logger: told of losses and schedules.
            train_steps: how long the agent will be trained, in agent steps: what schedules are stretched over.
        """

    @abstractmethod
    def test_agent(self) -> Agent:
        """An agent that does not learn, on a copy of the networks as they are now."""

    def parallel_test_agent(self) -> ParallelAgent | Agent:
        """The same for several environments at once: the same agent, unless it cannot take a `StateArray`."""
        return self.test_agent()

    def save(self, file: str | Path) -> None:
        """Write networks, hyperparameters and spaces to one safetensors file, from which `load_preset` builds it again."""
        save_tensors(file, self.state_dict(), self.description())

    def description(self) -> dict[str, Any]:
        """All but the networks, ready for JSON."""
        return {
            "kind": "preset",
            "preset": self.name,
            "environment": self.setting.environment,
            "observation_space": space_to_json(self.setting.observation_space),
            "action_space": space_to_json(self.setting.action_space),
            "hyperparameters": as_dict(self.hyperparameters),
            "seed": self.seeds.root,
            "allcore": __version__,
        }
