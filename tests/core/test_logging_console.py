"""The progress line, on a terminal and without one."""

import io
import math

import pytest

from allcore.logging import ConsoleLogger
from allcore.logging.console_logger import format_count, format_duration, format_return


class Terminal(io.StringIO):
    def isatty(self):
        return True


def evaluation(mean):
    return {"frame": 5000, "episodes": 10, "mean": mean, "min": 1.0, "max": 30.0}


def test_plain_lines_where_there_is_no_terminal(tmp_path):
    stream = io.StringIO()
    logger = ConsoleLogger(tmp_path / "seed0-1234abcd", stream=stream, interval=0)
    logger.progress(0, 10_000, 0.0)
    logger.episode({"return": 1.0})
    logger.episode({"return": 2.0})
    logger.progress(5000, 10_000, 10.0)
    logger.evaluating(3, 10, 5000)
    logger.evaluation(evaluation(12.34))
    logger.progress(10_000, 10_000, 20.0)
    logger.close()
    assert stream.getvalue().splitlines() == [
        "seed0-1234abcd:   0% of 10.0k frames",
        "seed0-1234abcd:  50% of 10.0k frames, 500 frames/s, return 1.50, 0:10 left",
        "seed0-1234abcd:  50% of 10.0k frames, 500 frames/s, return 1.50, evaluating: 3 of 10 episodes",
        "seed0-1234abcd: evaluation after 5,000 frames: mean return 12.3 (10 episodes, 1.00 to 30.0)",
        "seed0-1234abcd: 100% of 10.0k frames, 500 frames/s, return 1.50, evaluation 12.3",
    ]


def test_plain_lines_are_rare_but_the_last_one_is_shown(tmp_path):
    stream = io.StringIO()
    logger = ConsoleLogger(tmp_path / "run", stream=stream, interval=1000)
    for frame in range(0, 101, 10):
        logger.progress(frame, 100, frame / 10)
    logger.close()
    logger.close()
    assert stream.getvalue().splitlines() == [
        "run:   0% of 100 frames",
        "run: 100% of 100 frames, 10 frames/s",
    ]


def test_the_mean_is_that_of_the_last_hundred_returns(tmp_path):
    stream = io.StringIO()
    logger = ConsoleLogger(tmp_path / "run", stream=stream, interval=0)
    for value in [1000.0] * 50 + [1.0] * 100:
        logger.episode({"return": value})
    logger.progress(1, 2, 1.0)
    assert "return 1.00" in stream.getvalue()


def test_a_terminal_has_one_line_that_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    logger = ConsoleLogger(tmp_path / "run", stream=stream)
    for frame in (0, 2500, 5000):
        logger.progress(frame, 10_000, frame / 500)
    logger.evaluation(evaluation(12.34))
    logger.close()
    text = stream.getvalue()
    assert "50% of 10.0k frames  500 frames/s  0:10 left" in text
    # Two line feeds: one after the evaluation, which stays, and one at the end.
    assert text.count("\n") == 2
    assert text.endswith("\x1b[?25h")  # the cursor is visible again


def test_a_run_without_an_end_has_no_percentage(tmp_path):
    stream = io.StringIO()
    logger = ConsoleLogger(tmp_path / "run", stream=stream, interval=0)
    logger.progress(0, math.inf, 0.0)
    logger.progress(1000, math.inf, 1.0)
    assert stream.getvalue().splitlines()[-1] == "run: 1000 frames, 1000 frames/s"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.25, "0.25"), (950, "950"), (9999, "9999"), (12_345, "12.3k"), (1_500_000, "1.50M"), (2e9, "2.00G")],
)
def test_counts(number, text):
    assert format_count(number) == text


@pytest.mark.parametrize(("value", "text"), [(0.534, "0.53"), (-21.0, "-21.0"), (4832.1, "4,832")])
def test_returns(value, text):
    assert format_return(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3725, "1:02:05")])
def test_durations(seconds, text):
    assert format_duration(seconds) == text
