"""Rows of a ring that lie in several places, such as files: they are copied to where they belong, and never put together first."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from allcore.errors import CheckpointError


class SavedRows:
    """A ring's tensor as it will be, while its rows still lie in parts.

    Replay may take up most of the memory: put together somewhere else first, a run that was trained in it could not go
    on in it. Parts may be files that are mapped into memory.

    Attributes:
        shape: `[R, ...]` with the rows that there are.
        dtype: of the numbers.

    Args:
        parts: rows in their order, each with the number of its first row and of the row after its last, counted for ever.
        written: the rows that there were ever; row r lies at position r % `num_rows`, and those that gave way are left out.
        num_rows: the rows of the whole ring.

    Raises:
        CheckpointError: the parts are not as long as they should be, or not all alike.
    """

    def __init__(self, parts: Sequence[tuple[Tensor, int, int]], written: int, num_rows: int) -> None:
        newest = parts[-1][0]
        for part, first, end in parts:
            if len(part) != end - first or part.shape[1:] != newest.shape[1:] or part.dtype != newest.dtype:
                raise CheckpointError(f"rows {first} to {end} of a replay buffer are not what they should be")
        self._parts, self._written, self._num_rows = parts, written, num_rows
        self.shape = torch.Size((min(written, num_rows), *newest.shape[1:]))
        self.dtype = newest.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def whole(self) -> Tensor:
        """All rows together, in memory."""
        tensor = torch.empty(self.shape, dtype=self.dtype)
        self.copy_to(tensor)
        return tensor

    def copy_to(self, tensor: Tensor) -> None:
        """Put every row where it belongs in a tensor `[R, ...]`, which may have more rows; those stay as they are."""
        for part, first, _ in self._parts:
            begin = max(first, self._written - self._num_rows)
            part = part[begin - first :]
            start = begin % self._num_rows
            split = min(len(part), self._num_rows - start)
            tensor[start : start + split] = part[:split]
            tensor[: len(part) - split] = part[split:]


def copy_rows(tensor: Tensor, rows: Tensor | SavedRows) -> None:
    """Put saved rows into the first rows of a tensor, whichever way they come."""
    if isinstance(rows, SavedRows):
        rows.copy_to(tensor)
    else:
        tensor[: len(rows)] = rows
