"""What passes between environments and agents: states."""

from typing import TYPE_CHECKING

from allcore._lazy import attach

if TYPE_CHECKING:
    from allcore.core.frames import StackedFrames as StackedFrames
    from allcore.core.legal import only_legal as only_legal
    from allcore.core.packing import state_from_dict as state_from_dict, state_to_dict as state_to_dict
    from allcore.core.state import (
        MultiagentState as MultiagentState,
        State as State,
        StateArray as StateArray,
    )

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "State": "allcore.core.state",
        "StateArray": "allcore.core.state",
        "MultiagentState": "allcore.core.state",
        "StackedFrames": "allcore.core.frames",
        "only_legal": "allcore.core.legal",
        "state_to_dict": "allcore.core.packing",
        "state_from_dict": "allcore.core.packing",
    },
)
