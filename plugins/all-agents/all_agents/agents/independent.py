"""Several agents that learn on their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.agents import Multiagent
from allcore.core import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allcore.agents import Agent
    from allcore.core import MultiagentState


class IndependentMultiagent(Multiagent):
    """One agent for each player, each of which learns as if the others were a part of its environment.

    Source: Tan (1993), Multi-agent reinforcement learning: independent versus cooperative agents.

    A player is shown its own states only, turn after turn, as an agent alone in an environment would be. As the others learn,
    what it takes for its environment changes under its feet: what a single agent is known to find need not be found.

    What differs: the paper's hunters learn by tables of Q-values; here each player's agent is any that learns alone.

    Attributes:
        agents: the agents by the names of their players.
        steps: agent steps so far, over all players.
    """

    def __init__(self, agents: Mapping[str, Agent]) -> None:
        """Give each player, by its name, an agent that takes a `State`."""
        self.agents = dict(agents)
        self.steps = 0

    def act(self, multiagent_state: MultiagentState) -> Any:
        """The action of the player whose turn it is."""
        entries = {key: multiagent_state[key] for key in multiagent_state.keys() if key != "agent"}  # noqa: SIM118
        action = self.agents[multiagent_state.agent].act(State(entries))
        self.steps += not multiagent_state.done  # now: what was logged meanwhile belongs to the steps before
        return action

    def state_dict(self) -> dict[str, Any]:
        """Everything that each agent has learnt and remembers."""
        return {
            "agents": {player: agent.state_dict() for player, agent in self.agents.items()},
            "steps": self.steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        for player, agent in self.agents.items():
            agent.load_state_dict(state["agents"][player])
        self.steps = state["steps"]
