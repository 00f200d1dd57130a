"""The contracts of agents: something that is shown a state and answers with an action."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from allcore.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allcore.core import MultiagentState, State, StateArray


class Agent(ABC):
    """Learns and acts in one environment. When and how it learns inside `act` is nobody's business but its own."""

    @abstractmethod
    def act(self, state: State) -> Any:
        """The action for `state`. The action for a state that is done is ignored."""

    def state_dict(self) -> dict[str, Any]:
        """All that the agent needs to go on exactly where it stands: tensors, numbers, strings, dicts and lists.

        Raises:
            CheckpointError: the class does not say what that is. Its runs cannot be continued, but begin anew.
        """
        raise cannot_be_saved(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


class ParallelAgent(ABC):
    """Learns and acts in several environments at once."""

    @abstractmethod
    def act(self, state_array: StateArray) -> Any:
        """The actions `[E, ...]` for the states `[E]`. The action for a state that is done is ignored."""

    def state_dict(self) -> dict[str, Any]:
        """All that the agent needs to go on exactly where it stands."""
        raise cannot_be_saved(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


class Multiagent(ABC):
    """Several agents that take turns in one environment."""

    @abstractmethod
    def act(self, multiagent_state: MultiagentState) -> Any:
        """The action of the agent whose turn it is."""

    def state_dict(self) -> dict[str, Any]:
        """All that the agents need to go on exactly where they stand."""
        raise cannot_be_saved(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


def cannot_be_saved(agent: object) -> CheckpointError:
    """The error for an agent of a class without `state_dict`."""
    return CheckpointError(
        f"{type(agent).__name__} cannot be saved: the class has no state_dict",
        hint="Write state_dict and load_state_dict; docs/tutorial/first-agent.md shows how.",
    )
