"""What passes between environments and agents: states."""

from allcore._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "State": "allcore.core.state",
        "StateArray": "allcore.core.state",
        "MultiagentState": "allcore.core.state",
        "StackedFrames": "allcore.core.frames",
    },
)
