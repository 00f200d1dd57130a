"""Replay in files that are written once: a checkpoint costs what is new, not what is stored.

A replay buffer's state says with the entry `append_only` which of its tensors hold rows that do not change any more once
they are followed by another row. Row r, counted for ever, lies at position r % `num_rows`; `written` rows were there so far.
Such rows go to a file of their own, with those of the time since the checkpoint before, and the checkpoint itself only says
which files it needs. The newest row, whose action is not known yet, stands in the checkpoint.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from allcore.checkpoint import load_tensors, save_tensors
from allcore.errors import CheckpointError
from allcore.memory.saved_rows import SavedRows

_MARK, _FILES = "append_only", "row_files"
_NAME = re.compile(r"rows-[0-9]{12,}\.safetensors")


class RowFiles:
    """The files `rows-<frame>.safetensors` beside a run's checkpoints.

    Args:
        folder: where they lie.
        kept: how many checkpoints are kept; files that none of them needs are removed.
    """

    def __init__(self, folder: Path, kept: int) -> None:
        self.folder = folder
        self._spans: dict[str, list[list[Any]]] = {}  # by ring: file, first row, the row after the last
        self._needed: deque[set[str]] = deque(maxlen=kept)

    def take_out(self, frame: int, state: Any) -> Any:
        """Write the rows that are new, and give the state without those that are in files.

        Raises:
            CheckpointError: they cannot be written.
        """
        new: dict[str, Tensor] = {}
        name = f"rows-{frame:012}.safetensors"
        spans = {place: list(files) for place, files in self._spans.items()}

        def slim(place: str, ring: Mapping[str, Any]) -> dict[str, Any]:
            rows, written = ring["num_rows"], ring["written"]
            settled, oldest = max(written - 1, 0), max(written - rows, 0)
            files = [span for span in spans.get(place, []) if span[2] > oldest]
            if not all((self.folder / span[0]).is_file() for span in files):
                files = []  # somebody removed one: all rows are written again
            first = max(files[-1][2] if files else 0, oldest)
            tensors = _tensors(ring)
            if settled > first:
                files.append([name, first, settled])
                new.update({f"{place}/{key}": _rows(t, first, settled, rows) for key, t in tensors.items()})
            spans[place] = files
            newest = {key: _rows(tensor, settled, written, rows) for key, tensor in tensors.items()}
            return {**_with(ring, newest), _FILES: files}

        slimmed = _map_rings(state, slim)
        if new:
            save_tensors(self.folder / name, new, {})
        self._spans = spans
        return slimmed

    def put_back(self, state: Any) -> Any:
        """The whole state again. What lies in files is read when the buffer copies it to where it belongs (`SavedRows`).

        Raises:
            CheckpointError: a file is missing or damaged.
        """
        spans: dict[str, list[list[Any]]] = {}
        opened: dict[str, dict[str, Tensor]] = {}

        def whole(place: str, ring: Mapping[str, Any]) -> dict[str, Any]:
            rows, written, files = ring["num_rows"], ring["written"], ring[_FILES]
            _check_spans(files, rows, written)
            found: dict[str, SavedRows] = {}
            for name in {span[0] for span in files} - opened.keys():
                opened[name] = load_tensors(self.folder / name)[0]  # mapped into memory, not copied
            for key, newest in _tensors(ring).items():
                parts = [(opened[name][f"{place}/{key}"], first, end) for name, first, end in files]
                parts.append((newest, max(written - 1, 0), written))
                found[key] = SavedRows(parts, written, rows)
            spans[place] = [list(span) for span in files]
            return {key: value for key, value in _with(ring, found).items() if key != _FILES}

        restored = _map_rings(state, whole)
        self._spans = spans
        return restored

    def saved(self) -> None:
        """The checkpoint that the rows were taken out of is on disk: remove files that no kept checkpoint needs."""
        self._needed.append({span[0] for files in self._spans.values() for span in files})
        if len(self._needed) == self._needed.maxlen:
            for path in self.folder.glob("rows-*.safetensors"):
                if not any(path.name in needed for needed in self._needed):
                    path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all files."""
        for path in self.folder.glob("rows-*.safetensors"):
            path.unlink(missing_ok=True)


def _map_rings(state: Any, change: Callable[[str, Mapping[str, Any]], Any], place: str = "") -> Any:
    """The state with every ring in it changed; `change` is told where it is."""
    if not isinstance(state, Mapping):
        return state
    if _MARK in state:
        return change(place, state)
    return {key: _map_rings(value, change, f"{place}/{key}") for key, value in state.items()}


def _tensors(ring: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors with rows, by their names: `actions`, or `entries/reward`."""
    found: dict[str, Tensor] = {}
    for key in ring[_MARK]:
        value = ring.get(key, {})
        found.update(
            {key: value} if isinstance(value, Tensor) else {f"{key}/{k}": v for k, v in value.items()}
        )
    return found


def _with(ring: Mapping[str, Any], tensors: Mapping[str, Tensor | SavedRows]) -> dict[str, Any]:
    """The ring with other tensors in their places."""
    changed = dict(ring)
    for name, tensor in tensors.items():
        key, _, inner = name.partition("/")
        changed[key] = {**changed[key], inner: tensor} if inner else tensor
    return changed


def _rows(tensor: Tensor, first: int, end: int, num_rows: int) -> Tensor:
    """Rows `first` to `end`, not included, in their order."""
    start, stop = first % num_rows, first % num_rows + end - first
    if stop <= num_rows:
        return tensor[start:stop]
    return torch.cat([tensor[start:], tensor[: stop - num_rows]])


def _check_spans(files: list[list[Any]], rows: int, written: int) -> None:
    """Refuse a list of files that are not `RowFiles`' own, or that do not hold every settled row once."""
    if not (type(rows) is type(written) is int and rows > 0 <= written):
        raise CheckpointError(f"a replay buffer cannot have {written!r} of {rows!r} rows")
    oldest, reached = max(written - rows, 0), None
    for name, first, end in files:
        if not _NAME.fullmatch(name):
            raise CheckpointError(f"a checkpoint names the file {name!r}, which does not lie beside it")
        if not (type(first) is type(end) is int and 0 <= first < end and reached in (None, first)):
            raise CheckpointError(
                f"rows {first!r} to {end!r} of a replay buffer do not follow on row {reached}"
            )
        reached = end
    if (files and files[0][1] > oldest) or (reached or oldest) != max(written - 1, 0):
        raise CheckpointError(f"a replay buffer lacks some of its rows {oldest} to {written}")
