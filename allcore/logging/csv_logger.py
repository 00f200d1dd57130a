"""Comma-separated files: quick to read, to plot and to compare."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any, TextIO

from allcore.logging.logger import Logger
from allcore.logging.values import keep_lines, open_lines, to_disk, to_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EPISODE_COLUMNS = ("frame", "episode", "env", "return", "length")
SUMMARY_COLUMNS = ("frame", "mean", "std", "max", "min")
EVALUATION_COLUMNS = ("frame", "episodes", "mean", "std", "max", "min", "mean_length")
EVALUATION_EPISODE_COLUMNS = ("frame", "episode", "return", "length")


class CsvLogger(Logger):
    """Writes what a run achieved, each kind of row to a file of its own.

    - `episodes.csv`: each training episode.
    - `returns100.csv`: mean, standard deviation, maximum and minimum of each 100 training returns.
      Any other summary goes to a file of its own name.
    - `evaluations.csv`: each evaluation, and `evaluation_episodes.csv`: each episode of it.

    There is no clock in any of them: two runs of one specification write the same bytes. A row is with the
    operating system as soon as it is logged, so a killed process loses none.
    """

    def __init__(self, folder: Path, verbose: bool = True) -> None:
        super().__init__(folder, verbose)
        self._files: dict[str, TextIO] = {}

    def rewind(self, frame: int) -> None:
        """Drop the rows of later frames, and damaged ones, from every file in the folder that this logger writes."""
        self.close()
        for path in self.folder.glob("*.csv"):
            _keep_rows(path, frame)

    def episode(self, episode: Mapping[str, Any]) -> None:
        """Add a row to `episodes.csv`."""
        self._write("episodes.csv", EPISODE_COLUMNS, [episode[name] for name in EPISODE_COLUMNS])

    def summary(self, name: str, summary: Mapping[str, float], frame: int) -> None:
        """Add a row to `<name>.csv`; a slash in the name becomes a dot."""
        row = [frame, *(summary[column] for column in SUMMARY_COLUMNS[1:])]
        self._write(f"{name.replace('/', '.')}.csv", SUMMARY_COLUMNS, row)

    def evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """Add a row to `evaluations.csv` and one per episode to `evaluation_episodes.csv`."""
        frame = evaluation["frame"]
        episodes = zip(evaluation["returns"], evaluation["lengths"], strict=True)
        for episode, (value, length) in enumerate(episodes, start=1):
            self._write(
                "evaluation_episodes.csv", EVALUATION_EPISODE_COLUMNS, [frame, episode, value, length]
            )
        # The mean comes last: who sees it finds all of its episodes.
        row = [evaluation[name] for name in EVALUATION_COLUMNS]
        self._write("evaluations.csv", EVALUATION_COLUMNS, row)

    def flush(self) -> None:
        """Put what was logged on disk; the operating system has it already, row by row."""
        for file in self._files.values():
            to_disk(file)

    def close(self) -> None:
        """Close the files; a later row opens its file again."""
        while self._files:
            self._files.popitem()[1].close()

    def _write(self, filename: str, columns: tuple[str, ...], row: list[Any]) -> None:
        file = self._files.get(filename)
        if file is None:
            file = self._files[filename] = open_lines(self.folder / filename)
            if file.tell() == 0:
                self._write_line(file, list(columns))
        self._write_line(file, [to_number(value) for value in row])

    @staticmethod
    def _write_line(file: TextIO, values: list[Any]) -> None:
        csv.writer(file, lineterminator="\n").writerow(values)
        file.flush()


def _keep_rows(path: Path, frame: int) -> None:
    with path.open(encoding="utf-8", errors="replace") as file:
        header = file.readline()
    columns = tuple(header.rstrip("\n").split(","))
    if columns in _ALL_COLUMNS:
        commas = len(columns) - 1
        keep_lines(path, lambda line: line == header or _frame_of(line, commas) <= frame)


def _frame_of(line: str, commas: int) -> float:
    """The frame that a row begins with; what is no row is later than any frame."""
    frame = line.partition(",")[0]
    is_row = frame.isascii() and frame.isdigit() and len(frame) < 20 and line.count(",") == commas
    return int(frame) if is_row else math.inf


_ALL_COLUMNS = (EPISODE_COLUMNS, SUMMARY_COLUMNS, EVALUATION_COLUMNS, EVALUATION_EPISODE_COLUMNS)
