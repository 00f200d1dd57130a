"""Everything that happens in a run, one JSON object per line."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any, TextIO

from allcore.logging.logger import Logger
from allcore.logging.values import Pending, detach, keep_lines, open_lines, to_disk, to_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILENAME = "events.jsonl"


class JsonLinesLogger(Logger):
    """Writes `events.jsonl`, for programs that follow a run or want all of it at once.

    Each line has `event` (`scalar`, `debug`, `episode`, `summary` or `evaluation`), `time` (seconds since 1970),
    `frame` (agent steps) and what the event brings. Numbers that JSON does not know are the strings `NaN`,
    `Infinity` and `-Infinity`. Lines are written about once per second.
    """

    def __init__(self, folder: Path, verbose: bool = True) -> None:
        super().__init__(folder, verbose)
        self._file: TextIO | None = None
        self._pending: Pending[dict[str, Any]] = Pending(self._write)

    def rewind(self, frame: int) -> None:
        """Drop the lines of later frames, and lines that are not JSON."""
        self.close()
        keep_lines(self.folder / FILENAME, lambda line: _frame_of(line) <= frame)

    def scalar(self, name: str, value: Any, frame: int) -> None:
        """Add a line with `name` and `value`."""
        self._add("scalar", {"frame": frame, "name": name, "value": detach(name, value)})

    def debug(self, name: str, value: Any, frame: int) -> None:
        """Add a line with `name` and `value`, in a verbose run."""
        if self.verbose:
            self._add("debug", {"frame": frame, "name": name, "value": detach(name, value)})

    def episode(self, episode: Mapping[str, Any]) -> None:
        """Add a line with the episode's entries."""
        self._add("episode", episode)

    def summary(self, name: str, summary: Mapping[str, float], frame: int) -> None:
        """Add a line with `name` and the summary's entries."""
        self._add("summary", {"frame": frame, "name": name, **summary})

    def evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """Add a line with the evaluation's entries, all returns among them."""
        self._add("evaluation", evaluation)

    def progress(self, frame: int, total_frames: float, seconds: float) -> None:
        """Write what is due; progress itself is no event."""
        self._pending.write_if_due()

    def flush(self) -> None:
        """Write the lines that wait, and put all of them on disk."""
        self._pending.write()
        if self._file is not None:
            to_disk(self._file)

    def close(self) -> None:
        """Write the lines that wait and close the file; a later event opens it again."""
        self._pending.write()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _add(self, event: str, entries: Mapping[str, Any]) -> None:
        self._pending.add({"event": event, "time": round(time.time(), 3), **entries})

    def _write(self, records: list[dict[str, Any]]) -> None:
        if self._file is None:
            self._file = open_lines(self.folder / FILENAME)
        for record in records:
            line = json.dumps({key: _to_json(value) for key, value in record.items()}, allow_nan=False)
            self._file.write(f"{line}\n")
        self._file.flush()


def _to_json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    number = to_number(value)
    if not isinstance(number, float) or math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _frame_of(line: str) -> float:
    try:
        return float(json.loads(line)["frame"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return math.inf
