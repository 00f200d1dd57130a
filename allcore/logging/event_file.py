"""TensorBoard's event files, written without TensorFlow, threads or a copy of torch's writer.

An event file is a row of records; each is the length of its data (8 bytes), a checksum of the length, the data (a
protocol buffer `Event`) and a checksum of the data. Importing tensorboard's own record writer takes 0.10 s on top of
torch, its protocol buffers alone 0.02 s, so the twenty lines of framing are here.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import time
from typing import TYPE_CHECKING

from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # type: ignore[import-untyped]
from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[import-untyped]

from allcore.logging.values import to_disk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PREFIX = "events.out.tfevents."
_TIME = re.compile(r"\d+(\.\d+)?")


class EventFile:
    """One new event file in a folder. TensorBoard reads all of a folder's event files as one run.

    Args:
        folder: the run's folder.
        after: if given, TensorBoard is told to forget what earlier files say about later frames than this one.
    """

    def __init__(self, folder: Path, after: int | None = None) -> None:
        # TensorBoard takes the files in the order of their names, so the time comes first.
        name = f"{_PREFIX}{_later_time(folder):.6f}.{socket.gethostname()}.{os.getpid()}"
        self._file = (folder / name).open("ab")
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        if after is not None:
            start = SessionLog(status=SessionLog.START)
            self._write(Event(wall_time=time.time(), step=after + 1, session_log=start))
        self._file.flush()

    def add_scalars(self, scalars: Iterable[tuple[str, float, int, float]]) -> None:
        """Write scalars and hand them to the operating system.

        Args:
            scalars: for each its tag, value, step and wall time (seconds since 1970).
        """
        for tag, value, step, wall_time in scalars:
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            self._write(Event(wall_time=wall_time, step=step, summary=summary))
        self._file.flush()

    def to_disk(self) -> None:
        """Put on disk what was written."""
        to_disk(self._file)

    def close(self) -> None:
        """Close the file. Calling it twice does no harm."""
        self._file.close()

    def _write(self, event: Event) -> None:
        data = event.SerializeToString()
        length = struct.pack("<Q", len(data))
        self._file.write(length + _masked_checksum(length) + data + _masked_checksum(data))


def _later_time(folder: Path) -> float:
    """The time, but later than in the names of the folder's event files, should the clock have been set back since."""
    names = (path.name.removeprefix(_PREFIX) for path in folder.glob(f"{_PREFIX}*"))
    times = [float(match.group()) for match in map(_TIME.match, names) if match]
    return max([time.time(), *(earlier + 1e-5 for earlier in times)])


def _checksum_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _checksum_table()


def _masked_checksum(data: bytes) -> bytes:
    """CRC-32C (Castagnoli), then rotated and shifted by a constant, as the record format has it."""
    checksum = 0xFFFFFFFF
    for byte in data:
        checksum = checksum >> 8 ^ _TABLE[(checksum ^ byte) & 0xFF]
    checksum ^= 0xFFFFFFFF
    rotated = (checksum >> 15 | checksum << 17) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)
