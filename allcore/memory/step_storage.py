"""Rows of states and the actions taken in them, in one preallocated tensor per entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from allcore.core import State
from allcore.errors import CheckpointError, UsageError
from allcore.memory.column import Column, Field, field_of_value, fields_of
from allcore.memory.estimate import available_bytes, bytes_per_row, check_memory, num_rows
from allcore.memory.saved_rows import copy_rows

STEPS = "steps"  # the entry of sampled next states: agent steps since the state before
_ACTION = "action"


class StepStorage:
    """A table of R rows and E environments; of a stack of frames it holds the newest frame only.

    It knows nothing of the order of rows: that is the business of `allcore.memory.step_ring`.

    Attributes:
        num_envs: E.
        batched: whether states come as StateArray (else as State, and E is 1).
        num_rows: R.
        stack_size: S, the frames in the largest stack (1 where there is none).
        columns: one per entry of a state.
        actions: the column of actions, None until the first action is known.

    Args:
        fields: what a state consists of.
        capacity: transitions over all environments.
        num_envs: E.
        batched: see above.
        device: where the tensors lie.
        bytes_per_place: what is kept elsewhere for each row of an environment, so that it is counted as well.

    Raises:
        UsageError: the capacity is too small for the environments, or too large for the memory that is free.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        capacity: int,
        num_envs: int,
        batched: bool,
        device: torch.device,
        bytes_per_place: int = 0,
    ) -> None:
        if capacity < num_envs:
            raise UsageError(
                f"a replay buffer for {capacity} transitions has no room for {num_envs} environments",
                hint=f"give a capacity of at least {num_envs}",
            )
        self.num_envs, self.batched, self.device = num_envs, batched, device
        self.num_rows = num_rows(capacity, num_envs, fields)
        self.stack_size = max(field.stack_size for field in fields)
        # The actions are not known yet. They are small beside the reserve that the check leaves.
        needed = self.num_rows * num_envs * (bytes_per_row(fields) + bytes_per_place)
        check_memory(capacity, needed, available_bytes(device), device)
        self.columns = {field.name: self._column(field) for field in fields}
        self.actions: Column | None = None

    @staticmethod
    def for_state(state: State, capacity: int, device: torch.device, bytes_per_place: int = 0) -> StepStorage:
        """Storage for states like this one.

        Raises:
            UsageError: it cannot be stored, or there is not enough memory.
        """
        if len(state.shape) > 1:
            raise UsageError(
                f"a replay buffer stores one step at a time, not states of shape {state.shape}",
                hint="give a State, or a StateArray with one leading dimension (the environments)",
            )
        if STEPS in state:
            raise UsageError(
                f"a state with an entry {STEPS!r} cannot be stored in a replay buffer: its samples have one of their own",
                hint="give the entry another name",
            )
        num_envs = state.shape[0] if state.shape else 1
        fields = fields_of(state)
        return StepStorage(fields, capacity, num_envs, bool(state.shape), device, bytes_per_place)

    @staticmethod
    def for_saved(
        saved: dict[str, Any], capacity: int, device: torch.device, bytes_per_place: int = 0
    ) -> StepStorage:
        """Storage for states like those in what `state_dict` gave; its rows are not loaded yet.

        Raises:
            UsageError: there is not enough memory.
        """
        fields = _saved_fields(saved)
        return StepStorage(fields, capacity, saved["num_envs"], saved["batched"], device, bytes_per_place)

    def values(self, state: State) -> list[Any]:
        """What of `state` goes into each column.

        Raises:
            UsageError: an entry is missing, new, or not what it was at the first store.
        """
        if differing := sorted(self.columns.keys() ^ state.keys()):
            raise UsageError(
                f"a state with the entries {', '.join(state.keys())} cannot be stored in a replay buffer whose states "
                f"have {', '.join(self.columns)}; only one of them has {', '.join(differing)}",
                hint="every stored state needs the same entries, with the same shapes and types",
            )
        values = []
        for name, column in self.columns.items():
            value, stack_size = state.frames(name)
            if stack_size != column.field.stack_size:
                raise UsageError(
                    f"the entry {name!r} cannot be stored in this replay buffer: it is a stack of {stack_size} frames, "
                    f"but at the first store it was one of {column.field.stack_size}",
                    hint="every stored state needs the same entries, with the same shapes and types",
                )
            values.append(column.checked(value))
        return values

    def older_values(self, state: State, back: int) -> list[Any]:
        """Like `values`, `back` steps earlier: the older frames of the stacks, and everything else as it is now."""
        values = self.values(state)
        for position, (name, column) in enumerate(self.columns.items()):
            field = column.field
            if field.stack_size > 1:
                channels = field.shape[field.channel_dim]
                first = max(field.stack_size - 1 - back, 0) * channels
                values[position] = state[name].narrow(len(state.shape) + field.channel_dim, first, channels)
        return values

    def checked_action(self, action: Any) -> Any:
        """`action` if it is like the first one, which decides what actions look like.

        Raises:
            UsageError: it is not.
        """
        if self.actions is None:
            self.actions = self._column(field_of_value(_ACTION, action, int(self.batched)))
        return self.actions.checked(action)

    def write(self, row: int, values: Sequence[Any]) -> None:
        """Put checked values into a row."""
        for column, value in zip(self.columns.values(), values, strict=True):
            column.write(row, value)

    def write_action(self, row: int, action: Any) -> None:
        """Put a checked action into a row."""
        self._known_actions().write(row, action)

    def read_actions(self, positions: Tensor) -> Tensor:
        """The actions `[N, ...]` at the positions `row * E + environment` `[N]`."""
        return self._known_actions().gather(positions)

    def _known_actions(self) -> Column:
        if self.actions is None:
            raise UsageError("no action has been stored yet", hint="store(state, action, next_state)")
        return self.actions

    def _column(self, field: Field) -> Column:
        return Column(field, self.num_rows, self.num_envs, self.batched, self.device)

    # ---- continuing later

    def state_dict(self, filled: int) -> dict[str, Any]:
        """The first `filled` rows, as tensors that share their memory, and what they look like."""
        state: dict[str, Any] = {
            "num_envs": self.num_envs,
            "batched": self.batched,
            "stack_sizes": {name: column.field.stack_size for name, column in self.columns.items()},
            "channel_dims": {name: column.field.channel_dim for name, column in self.columns.items()},
            "entries": {name: column.tensor[:filled] for name, column in self.columns.items()},
        }
        if self.actions is not None:
            state["actions"] = self.actions.tensor[:filled]
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Fill the rows with what `state_dict` gave.

        Raises:
            CheckpointError: it holds states of another kind.
        """
        saved = (state["num_envs"], state["batched"], _saved_fields(state))
        if (self.num_envs, self.batched, [column.field for column in self.columns.values()]) != saved:
            raise CheckpointError(
                "a replay buffer cannot be loaded into one that holds states of another kind"
            )
        for name, entry in state["entries"].items():
            copy_rows(self.columns[name].tensor, entry)
        if "actions" in state:
            actions = state["actions"]
            if self.actions is None:
                self.actions = self._column(Field(_ACTION, tuple(actions.shape[2:]), actions.dtype))
            copy_rows(self.actions.tensor, actions)


def _saved_fields(saved: dict[str, Any]) -> list[Field]:
    sizes, dims = saved["stack_sizes"], saved["channel_dims"]
    return [
        Field(name, tuple(entry.shape[2:]), entry.dtype, sizes[name], dims[name])
        for name, entry in saved["entries"].items()
    ]
