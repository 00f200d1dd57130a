"""One environment as an array of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.bodies.body import Body
from allcore.core import State

if TYPE_CHECKING:
    from allcore.core import StateArray


class AsArray(Body):
    """A `ParallelAgent` in a single environment: it sees arrays of one state, and its one action is the body's.

    Args:
        agent: the agent inside.
    """

    def process_state(self, state: State) -> StateArray:
        """An array `[1]` that holds the state."""
        return State.array([state])

    def process_action(self, action: Any) -> Any:
        """The first of the actions `[1, ...]`."""
        return action[0]
