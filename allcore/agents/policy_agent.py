"""An agent that only acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.agents.agent import Agent

if TYPE_CHECKING:
    from collections.abc import Callable

    from allcore.core import State


class PolicyAgent(Agent):
    """Acts by a policy and learns nothing: what `Preset.test_agent` gives. Takes a `State` or a `StateArray`."""

    def __init__(self, policy: Callable[[State], Any]) -> None:
        """Act by `policy`, a function from a state to an action."""
        self._policy = policy

    def act(self, state: State) -> Any:
        """The policy's action."""
        return self._policy(state)
