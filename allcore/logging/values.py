"""What loggers share: numbers that are converted late, and text files that grow by whole lines."""

from __future__ import annotations

import os
import time
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TextIO

T = TypeVar("T")


def detach(name: str, value: Any) -> Any:
    """Cut a tensor off its graph, so that keeping it keeps nothing else. Does not wait for the device.

    Raises:
        ValueError: it has more or less than one element.
    """
    if not hasattr(value, "detach"):
        return value
    if value.numel() != 1:
        raise ValueError(f"{name!r} must be one number, but is a tensor of shape {tuple(value.shape)}")
    return value.detach()


def to_number(value: Any) -> Any:
    """Turn a tensor or a NumPy number into Python's own; hand on anything else as it is."""
    return value.item() if hasattr(value, "item") else value


class Pending(Generic[T]):
    """Records that wait to be written together, about once per second.

    Turning a CUDA tensor into a number waits for the device. Doing that once per second costs nothing;
    doing it for each logged value would make every update wait.

    Args:
        write: writes a list of records.
        seconds: the longest that a record waits, as long as `write_if_due` is called now and then.
    """

    def __init__(self, write: Callable[[list[T]], None], seconds: float = 1.0) -> None:
        self._write = write
        self._seconds = seconds
        self._records: list[T] = []
        self._last_write = time.monotonic()

    def add(self, record: T) -> None:
        """Keep a record, and write what is due."""
        self._records.append(record)
        self.write_if_due()

    def write_if_due(self) -> None:
        """Write everything if the last time is longer ago than the longest wait."""
        if time.monotonic() - self._last_write >= self._seconds:
            self.write()

    def write(self) -> None:
        """Write everything now. What cannot be written is dropped, so that it is not tried for ever."""
        self._last_write = time.monotonic()
        records, self._records = self._records, []
        if records:
            self._write(records)


def open_lines(path: Path) -> TextIO:
    """Open a text file to add lines to; a last line that a killed process left unfinished is cut off first."""
    if path.exists():
        with path.open("rb+") as file:
            file.truncate(_end_of_last_line(file.read()))
    return path.open("a", encoding="utf-8", newline="")


def to_disk(file: IO[Any]) -> None:
    """Put on disk what was written to an open file: after a power cut, too, it is there."""
    file.flush()
    os.fsync(file.fileno())


def _end_of_last_line(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def keep_lines(path: Path, keep: Callable[[str], bool]) -> None:
    """Rewrite a text file with only those of its whole lines that `keep` accepts, all at once or not at all."""
    if not path.exists():
        return
    # Bytes that are no text are left as they are: `keep` decides about their line, too.
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        lines = file.readlines()
    kept = [line for line in lines if line.endswith("\n") and keep(line)]
    if kept == lines:
        return
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.writelines(kept)
            to_disk(file)  # before it takes the old one's place: a power cut must not leave an empty file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
