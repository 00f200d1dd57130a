"""Comma-separated files: quick to read, to plot and to compare."""

from __future__ import annotations

import csv
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
        """Drop the rows of later frames from every file in the folder that this logger writes."""
        self.close()
        headers = [",".join(columns) for columns in _ALL_COLUMNS]
        for path in self.folder.glob("*.csv"):
            with path.open(encoding="utf-8") as file:
                is_ours = file.readline().rstrip("\n") in headers
            if is_ours:
                keep_lines(path, lambda line: not line[:1].isdigit() or int(line.partition(",")[0]) <= frame)

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


_ALL_COLUMNS = (EPISODE_COLUMNS, SUMMARY_COLUMNS, EVALUATION_COLUMNS, EVALUATION_EPISODE_COLUMNS)
