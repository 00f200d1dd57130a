"""Runs that are asked to stop, and when checkpoints are due."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
from pathlib import Path
from typing import Any

import pytest

from allcore.errors import CheckpointError
from allcore.experiments import RunSpec
from allcore.experiments.checkpoints import Checkpoints, Due
from allcore.experiments.interruption import Interruption
from allcore.experiments.run import execute
from allcore.presets import Preset


def test_the_time_of_the_next_checkpoint() -> None:
    now = 100.0
    due = Due(60, 0, clock=lambda: now)
    assert not due.now(5)
    now = 160.0
    assert due.now(5)
    due.written(5, took=0.5)
    assert not due.now(5)
    now = 219.0
    assert not due.now(6)
    now = 220.0
    assert due.now(6)
    due.written(6, took=3.0)  # a fiftieth of the time at most: the next one after 150 seconds
    now = 369.0
    assert not due.now(7)
    now = 370.0
    assert due.now(7)
    never, by_frames = Due(0, 0, clock=lambda: now), Due(0, 70, frame=75, clock=lambda: now)
    now = 1e9
    assert not never.now(10**9)
    assert [by_frames.now(frame) for frame in (139, 140, 141)] == [False, True, True]
    by_frames.written(145, took=1e6)
    assert [by_frames.now(frame) for frame in (209, 210)] == [False, True]


def test_the_first_request_waits_and_the_second_does_not() -> None:
    with Interruption() as interruption:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert not interruption.requested
        with interruption.patient():
            signal.raise_signal(signal.SIGTERM)
            assert interruption.requested
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is not interruption._asked


def test_a_run_that_is_asked_to_stop_saves_and_goes_on_exactly(
    tmp_path: Path, small_run: RunSpec, at_frame: Any, results: Any
) -> None:
    spec = dataclasses.replace(small_run, checkpoint_frames=0)
    whole = execute(spec, tmp_path / "whole", quiet=True)
    with at_frame(123, lambda: signal.raise_signal(signal.SIGTERM)):
        stopped = execute(spec, tmp_path / "stopped", quiet=True)
    assert stopped.state == "interrupted"
    assert len(Checkpoints(stopped.folder / "checkpoints").files()) == 1
    continued = execute(spec, tmp_path / "stopped", quiet=True)
    assert continued.state == "finished"
    assert results(continued.folder) == results(whole.folder)


def test_a_request_between_two_stretches_is_not_forgotten(
    tmp_path: Path, small_run: RunSpec, results: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = dataclasses.replace(small_run, checkpoint_frames=0)
    whole = execute(spec, tmp_path / "whole", quiet=True)
    save = Preset.save

    def asked(self: Preset, path: Path) -> None:
        signal.raise_signal(signal.SIGINT)
        save(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(Preset, "save", asked)
        # the last weights are saved when nobody is patient any more
        with contextlib.suppress(KeyboardInterrupt):
            execute(spec, tmp_path / "stopped", quiet=True)
    (folder,) = tmp_path.glob("stopped/*/*/*")
    assert len(Checkpoints(folder / "checkpoints").files()) == 1
    continued = execute(spec, tmp_path / "stopped", quiet=True)
    assert continued.state == "finished"
    assert results(continued.folder) == results(whole.folder)


def test_a_last_checkpoint_that_cannot_be_written_is_told_though_one_was_before(
    tmp_path: Path,
    small_run: RunSpec,
    at_frame: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: Any) -> None:
        raise CheckpointError("no room")

    monkeypatch.setattr(Checkpoints, "save", full)
    with at_frame(300, lambda: signal.raise_signal(signal.SIGTERM)):
        assert execute(small_run, tmp_path, quiet=True).state == "interrupted"
    told = [text for text in caplog.messages if "no checkpoint" in text]
    assert told == ["no checkpoint at frame 70: no room", "no checkpoint at frame 300: no room"]
