"""States as plain values: what an agent saves of the state that it last saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from allcore.core.frames import StackedFrames
from allcore.core.state import MultiagentState, State, StateArray
from allcore.errors import CheckpointError

_KINDS: dict[str, type[State]] = {"state": State, "state array": StateArray, "multiagent": MultiagentState}


def state_to_dict(state: State | None) -> dict[str, Any] | None:
    """A state as a dict that `allcore.checkpoint.save_state` can write, for an agent's `state_dict`.

    Nothing is copied: write or clone the tensors before the state's owner uses their memory again.

    Args:
        state: a State, StateArray or MultiagentState; None stays None.

    Returns:
        `kind` and `shape` of the state and its `entries`: tensors, numbers, texts and so on as they are, the frames of a
        stack as a list of tensors, the oldest first, and NumPy's numbers and arrays of numbers as tensors. `stacks`
        (name: channel dimension) and `numpy` (name: number or array) tell these from the others.

    Raises:
        CheckpointError: the state is of a class of somebody else's, which could not be made again.
    """
    if state is None:
        return None
    kinds = [name for name, kind in _KINDS.items() if type(state) is kind]
    if not kinds:
        raise CheckpointError(
            f"a {type(state).__name__} cannot be saved in an agent's state",
            hint="Hand agents a State, StateArray or MultiagentState; further entries can say what is special.",
        )
    entries: dict[str, Any] = {}
    stacks: dict[str, int] = {}
    numpy: dict[str, str] = {}
    for name, entry in state._entries.items():
        if isinstance(entry, StackedFrames):
            entries[name] = list(entry.frames)
            stacks[name] = entry.channel_dim
        elif isinstance(entry, (np.generic, np.ndarray)) and entry.dtype.kind in "biufc":
            entries[name] = torch.from_numpy(np.array(entry))
            numpy[name] = "array" if isinstance(entry, np.ndarray) else "number"
        else:
            entries[name] = entry
    return {
        "kind": kinds[0],
        "shape": list(state.shape),
        "entries": entries,
        "stacks": stacks,
        "numpy": numpy,
    }


def state_from_dict(packed: Mapping[str, Any] | None) -> Any:
    """The state that `state_to_dict` was given: the same class, entries, types and values; None for None.

    Raises:
        CheckpointError: it is no such dict.
    """
    if packed is None:
        return None
    try:
        kind, shape = _KINDS[packed["kind"]], packed["shape"]
        entries = {name: _entry(name, value, packed) for name, value in packed["entries"].items()}
    except (KeyError, AttributeError, TypeError) as error:
        raise CheckpointError(f"this is no state that was saved: {error!r}") from error
    return StateArray(entries, shape) if kind is StateArray else kind(entries)


def _entry(name: str, value: Any, packed: Mapping[str, Any]) -> Any:
    if name in packed["stacks"]:
        return StackedFrames(tuple(value), packed["stacks"][name])
    if name in packed["numpy"]:
        array = value.numpy()
        return array if packed["numpy"][name] == "array" else array[()]
    return value
