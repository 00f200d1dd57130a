"""The base of all bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.agents import Agent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allcore.agents import ParallelAgent
    from allcore.core import State


class Body(Agent):
    """An agent around an agent: it changes the states on the way in and the actions on the way out.

    A body is shown each state once and hands on one state for it, which the agent may keep and recognise. It works for
    single states and for arrays of them, whichever its agent takes.

    Args:
        agent: the agent inside.
    """

    def __init__(self, agent: Agent | ParallelAgent) -> None:
        self.agent = agent

    def act(self, state: State) -> Any:
        """The agent's action for the changed state, changed in turn."""
        return self.process_action(self.agent.act(self.process_state(state)))  # type: ignore[arg-type]

    def process_state(self, state: State) -> State:
        """What the agent sees of `state`: a new state, or the same one."""
        return state

    def process_action(self, action: Any) -> Any:
        """What the environment gets of the agent's action."""
        return action

    def state_dict(self) -> dict[str, Any]:
        """The agent's under `agent`; a body that remembers something adds it."""
        return {"agent": self.agent.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.agent.load_state_dict(state["agent"])
