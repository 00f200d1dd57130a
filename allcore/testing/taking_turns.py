"""Environments for single agents as one environment whose players take turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from allcore.core import MultiagentState
from allcore.environments import MultiagentEnvironment
from allcore.seeding import Seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gymnasium import Space

    from allcore.environments import Environment


class TakingTurns(MultiagentEnvironment):
    """Each player has an environment of its own, of which the others know nothing.

    What a player is shown is what its environment shows alone, so that whatever is known of that holds here. A player whose
    episode has ended waits for the others; when all have ended, all begin their next ones.
    """

    name = "TakingTurns"
    key = "allcore.testing.taking_turns:TakingTurns"
    device = torch.device("cpu")

    def __init__(self, makes: Mapping[str, Callable[[], Environment]]) -> None:
        """Take what makes a player's environment, by the players' names in the order of their turns."""
        self._makes = dict(makes)
        self.envs = {player: make() for player, make in makes.items()}
        self._waiting: set[str] = set()  # those whose final states have been answered
        self._turn = 0

    @property
    def agents(self) -> tuple[str, ...]:
        """The players' names."""
        return tuple(self.envs)

    def observation_space(self, agent: str) -> Space[Any]:
        """That of the player's environment."""
        return self.envs[agent].observation_space

    def action_space(self, agent: str) -> Space[Any]:
        """That of the player's environment."""
        return self.envs[agent].action_space

    @property
    def state(self) -> MultiagentState:
        """The state of the player whose turn it is."""
        player = self.agents[self._turn]
        state = self.envs[player].state
        return MultiagentState({"agent": player, **{key: state[key] for key in state.keys()}})  # noqa: SIM118

    @property
    def done(self) -> bool:
        """Whether the last player has come to its final state."""
        return bool(self.state.done) and len(self._waiting) == len(self.envs) - 1

    def is_done(self, agent: str) -> bool:
        """Whether the player's environment is done."""
        return self.envs[agent].done

    def reset(self, seed: int | None = None) -> MultiagentState:
        """Start an episode in each environment."""
        for index, env in enumerate(self.envs.values()):
            env.reset(None if seed is None else Seeds(seed).integer("player", index))
        self._waiting.clear()
        self._turn = 0
        return self.state

    def step(self, action: Any) -> MultiagentState:
        """Step the environment of the player whose turn it is."""
        if self.done:
            return self.reset()
        player = self.agents[self._turn]
        if self.state.done:
            self._waiting.add(player)
        else:
            self.envs[player].step(action)
        self._turn = (self._turn + 1) % len(self.envs)
        while self.agents[self._turn] in self._waiting:
            self._turn = (self._turn + 1) % len(self.envs)
        return self.state

    def duplicate(self) -> TakingTurns:
        """Another one, with environments of its own."""
        return TakingTurns(self._makes)

    def close(self) -> None:
        """Close all environments."""
        for env in self.envs.values():
            env.close()
