"""What reaches the files: exact rows, late tensors, torn lines, continued runs."""

import errno
import json
import logging
import math
import subprocess
import sys
import time

import pytest
import torch

from allcore.errors import LogdirError
from allcore.logging import (
    CsvLogger,
    DummyLogger,
    JsonLinesLogger,
    Logger,
    LoggerGroup,
    Rate,
    TensorBoardLogger,
)

SUMMARY = {"mean": 2.0, "std": 1.0, "max": 3.0, "min": 1.0}


def episode(frame, number, value=1.0):
    return {"frame": frame, "episode": number, "env": 0, "return": value, "length": 10, "seconds": 0.5}


def evaluation(frame):
    return {
        "frame": frame,
        "episodes": 2,
        "mean": 1.5,
        "std": 0.5,
        "max": 2.0,
        "min": 1.0,
        "mean_length": 7.0,
        "returns": [1.0, 2.0],
        "lengths": [6, 8],
    }


def read_events(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def read_curves(folder):
    """What TensorBoard's own reader finds: for each tag its steps and values."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    tags = accumulator.Tags()["scalars"]
    return {tag: [(event.step, event.value) for event in accumulator.Scalars(tag)] for tag in tags}


# CSV


def test_csv_writes_exactly_these_bytes(tmp_path):
    logger = CsvLogger(tmp_path)
    logger.episode(episode(10, 1, value=torch.tensor(-21.0)))
    logger.episode(episode(25, 2, value=0.1))
    logger.summary("returns100", SUMMARY, 25)
    logger.evaluation(evaluation(25))
    logger.close()
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {
        "episodes.csv": b"frame,episode,env,return,length\n10,1,0,-21.0,10\n25,2,0,0.1,10\n",
        "returns100.csv": b"frame,mean,std,max,min\n25,2.0,1.0,3.0,1.0\n",
        "evaluations.csv": b"frame,episodes,mean,std,max,min,mean_length\n25,2,1.5,0.5,2.0,1.0,7.0\n",
        "evaluation_episodes.csv": b"frame,episode,return,length\n25,1,1.0,6\n25,2,2.0,8\n",
    }


def test_csv_rows_can_be_read_before_the_file_is_closed(tmp_path):
    logger = CsvLogger(tmp_path)
    logger.episode(episode(10, 1))
    assert (tmp_path / "episodes.csv").read_text().count("\n") == 2
    logger.close()


def test_csv_goes_on_where_it_stopped_and_mends_a_torn_line(tmp_path):
    logger = CsvLogger(tmp_path)
    logger.episode(episode(10, 1))
    logger.close()
    with (tmp_path / "episodes.csv").open("a") as file:
        file.write("20,2,0,1")
    logger = CsvLogger(tmp_path)
    logger.episode(episode(20, 2))
    logger.close()
    lines = (tmp_path / "episodes.csv").read_text().splitlines()
    assert lines == ["frame,episode,env,return,length", "10,1,0,1.0,10", "20,2,0,1.0,10"]


def test_csv_with_a_torn_header_starts_again(tmp_path):
    (tmp_path / "episodes.csv").write_text("frame,epis")
    logger = CsvLogger(tmp_path)
    logger.episode(episode(10, 1))
    logger.close()
    assert (tmp_path / "episodes.csv").read_text() == "frame,episode,env,return,length\n10,1,0,1.0,10\n"


def test_csv_rewind_drops_later_frames_and_leaves_files_of_others(tmp_path):
    (tmp_path / "mine.csv").write_text("frame,note\n99,keep me\n")
    logger = CsvLogger(tmp_path)
    for frame in (10, 20, 30):
        logger.episode(episode(frame, frame // 10))
        logger.evaluation(evaluation(frame))
    logger.rewind(20)
    logger.episode(episode(31, 3))
    logger.close()
    lines = {path.name: path.read_text().splitlines() for path in tmp_path.iterdir()}
    frames = {name: [line.partition(",")[0] for line in rows[1:]] for name, rows in lines.items()}
    assert frames == {
        "mine.csv": ["99"],
        "episodes.csv": ["10", "20", "31"],
        "evaluations.csv": ["10", "20"],
        "evaluation_episodes.csv": ["10", "10", "20", "20"],
    }


# JSON lines


def test_json_lines_hold_every_event(tmp_path):
    logger = JsonLinesLogger(tmp_path)
    logger.scalar("fps", 100.0, 5)
    logger.debug("loss/q", torch.tensor([0.5]), 6)
    logger.episode(episode(10, 1))
    logger.summary("returns100", SUMMARY, 10)
    logger.evaluation(evaluation(10))
    logger.close()
    events = read_events(tmp_path)
    assert [event["event"] for event in events] == ["scalar", "debug", "episode", "summary", "evaluation"]
    assert [event["frame"] for event in events] == [5, 6, 10, 10, 10]
    assert events[1]["name"] == "loss/q"
    assert events[1]["value"] == 0.5
    assert events[2]["seconds"] == 0.5
    assert events[3]["max"] == 3.0
    assert events[4]["returns"] == [1.0, 2.0]


def test_json_lines_are_json_whatever_the_numbers_are(tmp_path):
    logger = JsonLinesLogger(tmp_path)
    for value in (math.nan, math.inf, torch.tensor(-math.inf)):
        logger.debug("loss", value, 1)
    logger.close()
    assert [event["value"] for event in read_events(tmp_path)] == ["NaN", "Infinity", "-Infinity"]


def test_json_lines_rewind_drops_later_and_torn_lines(tmp_path):
    logger = JsonLinesLogger(tmp_path)
    for frame in (1, 2, 3):
        logger.scalar("fps", 1.0, frame)
    logger.close()
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"event": "sca')
    logger.rewind(2)
    logger.scalar("fps", 1.0, 4)
    logger.close()
    assert [event["frame"] for event in read_events(tmp_path)] == [1, 2, 4]


# TensorBoard


def test_tensorboard_reads_what_was_logged(tmp_path):
    logger = TensorBoardLogger(tmp_path)
    logger.debug("loss/q", torch.tensor(0.25, requires_grad=True) * 2, 3)
    logger.episode(episode(10, 1, value=-21.0))
    logger.summary("returns100", SUMMARY, 10)
    logger.evaluation(evaluation(10))
    logger.close()
    assert read_curves(tmp_path) == {
        "loss/q": [(3, 0.5)],
        "episode/return": [(10, -21.0)],
        "episode/length": [(10, 10.0)],
        "returns100/mean": [(10, 2.0)],
        "returns100/std": [(10, 1.0)],
        "returns100/max": [(10, 3.0)],
        "returns100/min": [(10, 1.0)],
        "evaluation/mean": [(10, 1.5)],
        "evaluation/std": [(10, 0.5)],
        "evaluation/max": [(10, 2.0)],
        "evaluation/min": [(10, 1.0)],
        "evaluation/mean_length": [(10, 7.0)],
    }


def test_tensorboard_stands_what_is_not_a_number(tmp_path):
    logger = TensorBoardLogger(tmp_path)
    logger.debug("value/explained_variance", torch.tensor(math.nan), 3)
    logger.debug("value/explained_variance", 0.5, 4)
    logger.close()
    (first, second) = read_curves(tmp_path)["value/explained_variance"]
    assert math.isnan(first[1])
    assert second == (4, 0.5)


def test_tensorboard_forgets_what_came_after_the_checkpoint(tmp_path):
    first = TensorBoardLogger(tmp_path)
    for frame in (1, 2, 3):
        first.scalar("fps", float(frame), frame)
    first.close()
    second = TensorBoardLogger(tmp_path)
    second.rewind(2)
    second.scalar("fps", 30.0, 3)
    second.close()
    assert read_curves(tmp_path) == {"fps": [(1, 1.0), (2, 2.0), (3, 30.0)]}


def test_tensorboard_writes_no_file_before_there_is_something_to_write(tmp_path):
    logger = TensorBoardLogger(tmp_path)
    logger.rewind(0)
    logger.close()
    assert list(tmp_path.iterdir()) == []


# What both of them share


@pytest.mark.parametrize("kind", [JsonLinesLogger, TensorBoardLogger])
def test_quiet_runs_keep_no_debugging_values(tmp_path, kind):
    logger = kind(tmp_path, verbose=False)
    logger.debug("loss", 1.0, 1)
    logger.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [JsonLinesLogger, TensorBoardLogger])
def test_tensors_are_converted_when_they_are_written(tmp_path, kind, monkeypatch):
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    converted = []
    item = torch.Tensor.item
    monkeypatch.setattr(torch.Tensor, "item", lambda tensor: converted.append(1) or item(tensor))
    logger = kind(tmp_path)
    logger.debug("loss", torch.tensor(1.0), 1)
    assert converted == []
    now = 101.0
    logger.progress(2, 10, 1.0)
    assert converted == [1]
    logger.close()


def test_a_value_that_is_not_one_number_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"'loss' must be one number, but is a tensor of shape \(2,\)"):
        TensorBoardLogger(tmp_path).debug("loss", torch.zeros(2), 1)


@pytest.mark.parametrize("kind", [CsvLogger, JsonLinesLogger, TensorBoardLogger])
def test_closing_twice_does_no_harm(tmp_path, kind):
    logger = kind(tmp_path)
    logger.episode(episode(10, 1))
    logger.close()
    logger.close()


@pytest.mark.parametrize("kind", ["CsvLogger", "JsonLinesLogger", "TensorBoardLogger"])
def test_a_killed_process_loses_at_most_a_second(tmp_path, kind):
    script = f"""
import os, pathlib, time
from allcore.logging import {kind}
logger = {kind}(pathlib.Path({str(tmp_path)!r}))
logger.episode({episode(10, 1)!r})
time.sleep(1.0)
logger.progress(20, 100, 1.0)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    if kind == "TensorBoardLogger":
        assert read_curves(tmp_path)["episode/return"] == [(10, 1.0)]
    else:
        (file,) = tmp_path.iterdir()
        assert file.read_text().count("\n") == (2 if kind == "CsvLogger" else 1)


# Several loggers


CONTRACT = {name for name in vars(Logger) if not name.startswith("_")}


class Recorder(Logger):
    def __init__(self, folder, fail_on=None, error=RuntimeError("no space\nleft")):
        super().__init__(folder)
        self.calls, self.fail_on, self.error = [], fail_on, error

    def __getattribute__(self, name):
        if name in CONTRACT:
            return lambda *arguments: self._record(name, arguments)
        return super().__getattribute__(name)

    def _record(self, name, arguments):
        self.calls.append((name, *arguments))
        if name == self.fail_on:
            raise self.error


def test_a_group_tells_each_logger_everything(tmp_path):
    loggers = [Recorder(tmp_path), Recorder(tmp_path)]
    group = LoggerGroup(loggers)
    calls = [
        ("rewind", 3),
        ("scalar", "fps", 1.0, 4),
        ("debug", "loss", 1.0, 4),
        ("episode", episode(5, 1)),
        ("summary", "returns100", SUMMARY, 5),
        ("evaluation", evaluation(5)),
        ("progress", 5, 10, 1.0),
        ("evaluating", 1, 10, 5),
        ("flush",),
        ("close",),
    ]
    assert {call[0] for call in calls} == CONTRACT
    for name, *arguments in calls:
        getattr(group, name)(*arguments)
    assert loggers[0].calls == loggers[1].calls == calls


@pytest.mark.parametrize("error", [RuntimeError("no space\nleft"), SystemExit("no space\nleft")])
def test_a_logger_that_fails_is_switched_off_with_one_line(tmp_path, caplog, error):
    bad, good = Recorder(tmp_path, fail_on="episode", error=error), Recorder(tmp_path)
    group = LoggerGroup([bad, good])
    with caplog.at_level(logging.WARNING, logger="allcore"):
        group.episode(episode(1, 1))
        group.episode(episode(2, 2))
    assert [call[0] for call in bad.calls] == ["episode", "close"]
    assert len(good.calls) == 2
    (message,) = caplog.messages
    assert message.endswith(f"episode failed with {type(error).__name__}: no space left")
    assert message.startswith("Recorder is switched off, the run goes on")


@pytest.mark.parametrize("call", [("rewind", 3), ("scalar", "fps", 1.0, 4), ("episode", {}), ("flush",)])
def test_a_full_disk_goes_through_a_group(tmp_path, call):
    method, *arguments = call
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(LogdirError, match=r"The log in .* cannot be written: No space left on device\."):
        getattr(LoggerGroup([Recorder(tmp_path, fail_on=method, error=full)]), method)(*arguments)


def test_who_cannot_close_on_a_full_disk_hinders_nobody(tmp_path, caplog):
    full = OSError(errno.ENOSPC, "No space left on device")
    bad, good = Recorder(tmp_path, fail_on="close", error=full), Recorder(tmp_path)
    LoggerGroup([bad, good]).close()
    assert good.calls == [("close",)]
    assert caplog.messages == []


def test_ctrl_c_goes_through_a_group(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        LoggerGroup([Recorder(tmp_path, fail_on="flush", error=KeyboardInterrupt())]).flush()


def test_the_dummy_logger_needs_nothing_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    logger = DummyLogger()
    logger.episode(episode(1, 1))
    logger.close()
    assert list(tmp_path.iterdir()) == []


# Speed of a run


def test_rate_forgets_the_fast_start():
    rate = Rate(window=10.0)
    rate.update(0, 0.0)
    rate.update(10_000, 10.0)
    assert rate.frames_per_second == 1000.0
    rate.update(10_500, 15.0)
    rate.update(11_000, 20.0)
    assert rate.frames_per_second == 100.0
    assert rate.seconds_left(12_000) == 10.0
    assert rate.seconds_left(math.inf) is None


def test_rate_says_nothing_before_it_knows():
    rate = Rate()
    rate.update(5, 1.0)
    assert rate.frames_per_second == 0.0
    assert rate.seconds_left(100) is None


# Laziness


def test_the_package_imports_nothing_heavy_before_a_logger_is_used():
    script = """
import sys
from allcore.logging import CsvLogger, ConsoleLogger, DummyLogger, JsonLinesLogger, LoggerGroup, TensorBoardLogger
heavy = {"torch", "numpy", "rich", "tensorboard", "google.protobuf"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
