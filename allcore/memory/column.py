"""One named value of every stored step, in one preallocated tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from allcore.core import State
from allcore.errors import UsageError

_STANDARD_DTYPES = {"reward": torch.float32, "mask": torch.float32, "done": torch.bool}

#: Bytes of a value up to which NumPy handles it faster than torch: docs/decisions/2026-11-23-small-networks.md.
_SMALL = 1024

_PYTHON_DTYPES = {bool: torch.bool, int: torch.int64, float: torch.float32}


@dataclass(frozen=True)
class Field:
    """What a named value looks like for one environment at one step.

    Attributes:
        name: the entry of the state (`observation`, `reward`, ...), or `action`.
        shape: its shape without leading dimensions; for a stack of frames, the shape of one frame.
        dtype: its type in storage.
        stack_size: how many frames the stack has; 1 for anything that is no stack.
        channel_dim: the dimension of `shape` along which the frames of a stack are joined.
    """

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    stack_size: int = 1
    channel_dim: int = 0

    @property
    def num_bytes(self) -> int:
        """Bytes for one environment and one step."""
        return math.prod(self.shape) * self.dtype.itemsize


def fields_of(state: State) -> list[Field]:
    """The fields that the entries of `state` need.

    Raises:
        UsageError: an entry is neither a tensor nor a number.
    """
    names = state.keys()
    return [_field_of_entry(state, name) for name in names]


def _field_of_entry(state: State, name: str) -> Field:
    newest, stack_size = state.frames(name)
    field = field_of_value(name, newest, len(state.shape))
    if stack_size == 1:
        return field
    joined_shape = state[name].shape[len(state.shape) :]
    differing = [one != all_ for one, all_ in zip(field.shape, joined_shape, strict=True)]
    return Field(name, field.shape, field.dtype, stack_size, differing.index(True))


def field_of_value(name: str, value: Any, leading_dims: int) -> Field:
    """The field for a tensor with `leading_dims` leading dimensions (1 with environments, else 0), or for a number.

    A tensor keeps its type, except that a reward or mask of whole numbers is stored as float32 and `done` as bool.

    Raises:
        UsageError: the value is neither a tensor nor a number.
    """
    if isinstance(value, Tensor):
        shape, dtype = tuple(value.shape[leading_dims:]), value.dtype
    elif isinstance(value, (bool, int, float)):
        shape, dtype = (), next(to for of, to in _PYTHON_DTYPES.items() if isinstance(value, of))
    else:
        raise UsageError(
            f"the entry {name!r} cannot be stored in a buffer: it is a {type(value).__name__}",
            hint="entries of stored states are tensors or numbers; leave others out of the state handed to the buffer",
        )
    standard = _STANDARD_DTYPES.get(name)
    if standard is not None and not (standard.is_floating_point and dtype.is_floating_point):
        dtype = standard
    return Field(name, shape, dtype)


class Column:
    """A tensor `[R, E, *shape]` with one field of every row (R rows, E environments).

    It is allocated but not touched: the operating system hands over the memory as rows are written.

    Args:
        field: what is stored.
        rows: R.
        num_envs: E.
        batched: whether values come with the leading dimension E (from a StateArray) or without (from a State, E = 1).
        device: where the tensor lies.
    """

    def __init__(
        self, field: Field, rows: int, num_envs: int, batched: bool, device: torch.device | str
    ) -> None:
        self.field = field
        self.tensor = torch.empty((rows, num_envs, *field.shape), dtype=field.dtype, device=device)
        self._flat = self.tensor.view(-1, *field.shape)
        self._array = self._as_array()
        self._flat_array = None if self._array is None else self._array.reshape(-1, *field.shape)
        self._value_shape = (num_envs, *field.shape) if batched else field.shape
        rows_of: Any = self.tensor if self._array is None else self._array
        self._rows = rows_of if batched else rows_of[:, 0]
        self._number_types: set[type] = set()  # the kinds of Python numbers that were seen to fit

    def checked(self, value: Any) -> Any:
        """`value` if it has the shape of the first one that was stored, and is of a kind that this column holds.

        Numbers of another type are brought to the column's where torch's promotion ends in that, or both are floating. This may
        round them: float64, or a whole number beyond 2^24, to float32. Rewards, masks and `done` may come in any type.

        Raises:
            UsageError: it has another shape or kind than the first value that was stored.
        """
        if type(value) in self._number_types:
            return value
        name, dtype = self.field.name, self.field.dtype
        if isinstance(value, Tensor):
            if value.shape != self._value_shape:
                raise _changed(name, f"shape {list(value.shape)}", f"shape {list(self._value_shape)}")
            if value.dtype != dtype and not self._fits(value.dtype):
                raise _changed(name, str(value.dtype), str(dtype))
            return value.detach() if value.requires_grad else value
        if self._value_shape:
            raise _changed(name, f"a {type(value).__name__}", f"a tensor of shape {list(self._value_shape)}")
        found = field_of_value(name, value, 0).dtype
        if not self._fits(found):
            raise _changed(name, f"a {type(value).__name__}", str(dtype))
        self._number_types.add(type(value))
        return value

    def _fits(self, found: torch.dtype) -> bool:
        stored = self.field.dtype
        if found == stored or self.field.name in _STANDARD_DTYPES:
            return True
        both_floating = found.is_floating_point and stored.is_floating_point
        return both_floating or torch.promote_types(found, stored) == stored

    def write(self, row: int, value: Any) -> None:
        """Put a checked value (`[E, *shape]`, or `[*shape]` of the one environment) into a row."""
        small = self._array is not None and isinstance(value, Tensor)
        self._rows[row] = value.numpy(force=True) if small else value

    def gather(self, index: Tensor) -> Tensor:
        """The values `[*index.shape, *shape]` at `row * E + environment` for each element of `index`."""
        if self._flat_array is None:
            return self._flat.index_select(0, index.reshape(-1)).view(*index.shape, *self.field.shape)
        return torch.from_numpy(self._flat_array[index.numpy()])

    def _as_array(self) -> np.ndarray | None:
        """The same memory as an array, which takes and gives small values several times as fast; None for others."""
        if not self.tensor.is_cpu or self.field.num_bytes > _SMALL or self.field.dtype == torch.bfloat16:
            return None
        return self.tensor.numpy()


def _changed(name: str, found: str, stored: str) -> UsageError:
    return UsageError(
        f"the entry {name!r} cannot be stored in this buffer: it is {found}, but at the first store it was {stored}",
        hint="every stored state needs the same entries, with the same shapes and types",
    )


def joined_frames(frames: Tensor, field: Field) -> Tensor:
    """Frames `[N, K, *shape]` joined along their channels: `[N, ..., K * C, ...]`."""
    dim = 1 + field.channel_dim
    return frames.movedim(1, dim).flatten(dim, dim + 1)


def two_stacks(frames: Tensor, field: Field) -> tuple[Tensor, Tensor]:
    """The stacks of S frames before and after a step, from the S + 1 frames `[N, S + 1, *shape]` of both."""
    joined, dim, channels = (
        joined_frames(frames, field),
        1 + field.channel_dim,
        field.shape[field.channel_dim],
    )
    size = field.stack_size * channels
    return joined.narrow(dim, 0, size), joined.narrow(dim, channels, size)
