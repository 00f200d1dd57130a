"""Checkpoints that are damaged, unreadable, or of another run: none is believed, and nothing is lost."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from allcore.checkpoint import load_state, save_state
from allcore.errors import CheckpointError
from allcore.experiments import RunSpec, SingleEnvExperiment
from allcore.experiments.checkpoints import Checkpoints
from allcore.experiments.continuation import go_on
from allcore.experiments.run import execute
from allcore.experiments.setup import build
from allcore.experiments.training_log import TrainingLog
from allcore.experiments.training_state import training_state
from allcore.formats import VERSIONS
from allcore.logging import DummyLogger

# Who is killed closes nothing.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Killed(BaseException):
    """Nobody catches it."""


def _kill() -> None:
    raise Killed


def test_a_damaged_checkpoint_costs_only_the_way_from_the_one_before(
    tmp_path: Path, small_run: RunSpec, at_frame: Any, results: Any
) -> None:
    whole = execute(small_run, tmp_path / "whole", quiet=True)
    with at_frame(190, _kill), pytest.raises(Killed):
        execute(small_run, tmp_path / "killed", quiet=True)
    newest, before = Checkpoints(next(tmp_path.glob("killed/*/*/*")) / "checkpoints").files()
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    killed = execute(small_run, tmp_path / "killed", quiet=True)
    assert killed.state == "finished"
    (entry,) = json.loads((killed.folder / "run.json").read_text())["continued"]
    assert entry["frame"] == int(before.stem)
    assert [newest.name in notice for notice in entry["notices"]] == [True]
    assert results(killed.folder) == results(whole.folder)


@pytest.mark.parametrize(
    "error",
    [
        OSError(5, "Input/output error"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 MiB"),
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "where", ["allcore.checkpoint.safe_open", "allcore.experiments.continuation.go_on_from"]
)
def test_a_checkpoint_that_the_machine_cannot_read_is_neither_passed_over_nor_to_be_removed(
    error: Exception,
    where: str,
    tmp_path: Path,
    small_run: RunSpec,
    at_frame: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    with at_frame(200, _kill), pytest.raises(Killed):
        execute(small_run, tmp_path, quiet=True)
    (folder,) = tmp_path.glob("*/*/*")
    before = sorted(path.name for path in (folder / "checkpoints").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(where, fail)
        outcome = execute(small_run, tmp_path, quiet=True)
    assert outcome.state == "failed"
    assert "Nothing says that it is damaged: the same command tries again" in outcome.message
    assert "Remove" not in outcome.message
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == before
    assert execute(small_run, tmp_path, quiet=True).state == "finished"


def test_a_folder_of_checkpoints_that_cannot_be_listed_does_not_look_empty(
    tmp_path: Path, small_run: RunSpec, at_frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_frame(200, _kill), pytest.raises(Killed):
        execute(small_run, tmp_path, quiet=True)
    (folder,) = tmp_path.glob("*/*/*")
    rows, list_folder = (folder / "episodes.csv").read_text(), os.listdir

    def refuse(path: Any = ".") -> list[str]:
        if Path(path).name == "checkpoints":
            raise PermissionError(13, "Permission denied")
        return list_folder(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refuse)
        outcome = execute(small_run, tmp_path, quiet=True)
    assert outcome.state == "failed"
    assert "checkpoints could not be read here (PermissionError" in outcome.message
    assert (folder / "episodes.csv").read_text() == rows
    assert execute(small_run, tmp_path, quiet=True).state == "finished"


def test_a_checkpoint_of_a_later_version_is_not_passed_over(
    tmp_path: Path, small_run: RunSpec, at_frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_frame(200, _kill), pytest.raises(Killed):
        execute(small_run, tmp_path, quiet=True)
    (folder,) = tmp_path.glob("*/*/*/checkpoints")
    newest, before = Checkpoints(folder).files()
    state = load_state(before)
    with monkeypatch.context() as patch:
        patch.setitem(VERSIONS, "tensors", 2)
        save_state(newest, state)
    outcome = execute(small_run, tmp_path, quiet=True)
    assert outcome.state == "failed"
    assert "was written by a later version of allcore" in outcome.message
    assert "pip install --upgrade" in outcome.message
    assert Checkpoints(folder).files() == [newest, before]


def test_where_no_checkpoint_can_be_read_nothing_is_lost(
    tmp_path: Path, small_run: RunSpec, at_frame: Any
) -> None:
    with at_frame(250, _kill), pytest.raises(Killed):
        execute(small_run, tmp_path, quiet=True)
    (folder,) = tmp_path.glob("*/*/*")
    rows, files = (folder / "episodes.csv").read_text(), Checkpoints(folder / "checkpoints").files()
    for path in files:
        path.write_bytes(path.read_bytes()[:-9])
    outcome = execute(small_run, tmp_path, quiet=True)
    assert outcome.state == "failed"
    assert "Remove that folder" in outcome.message
    assert (folder / "episodes.csv").read_text() == rows
    assert Checkpoints(folder / "checkpoints").files() == files


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"preset": "classic.ddqn"}, "preset is 'classic.ddqn', and here it is 'classic.dqn'"),
        ({"seed": 2}, "seed is 2, and here it is 1"),
        ({"hyperparameters": {"lr": 0.5}}, "lr is 0.5, and here it is 0.001"),
        ({"environment": "MountainCar-v0"}, "environment is 'classic:MountainCar-v0'"),
    ],
    ids=str,
)
def test_a_checkpoint_of_another_run_is_refused_though_its_tensors_may_fit(
    other: dict[str, Any], said: str, tmp_path: Path, small_run: RunSpec
) -> None:
    settings = {**small_run.hyperparameters, **other.get("hyperparameters", {})}
    checkpoints = Checkpoints(tmp_path)
    theirs = _experiment(dataclasses.replace(small_run, **{**other, "hyperparameters": settings}))
    theirs.train(frames=5)
    checkpoints.save(5, training_state(theirs))
    theirs.close()
    mine = _experiment(small_run)
    before = copy.deepcopy(mine.preset.state_dict())
    with pytest.raises(CheckpointError, match="does not fit this run") as caught:
        go_on(mine, checkpoints)
    assert said in caught.value.message
    assert mine.frame == 0
    assert all(torch.equal(before[name], tensor) for name, tensor in mine.preset.state_dict().items())
    mine.close()


def test_an_older_checkpoint_does_not_say_whose_it_is(tmp_path: Path, small_run: RunSpec) -> None:
    experiment = _experiment(small_run)
    experiment.train(frames=5)
    state = training_state(experiment)
    del state["preset"]
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(5, state)
    assert go_on(experiment, checkpoints) == {"frame": 5, "notices": []}
    experiment.close()


@pytest.mark.parametrize(
    "counts", [{"frame": "5"}, {"frame": -1}, {"frame": True}, {"episodes": 0.5}, {"episodes": None}]
)
def test_counts_that_make_no_sense_are_refused(counts: dict[str, Any]) -> None:
    log = TrainingLog(DummyLogger(), 100)
    with pytest.raises(CheckpointError, match="a training cannot have had"):
        log.load_state_dict({**log.state_dict(), **counts})
    assert (log.frame, log.episodes) == (0, 0)


def _experiment(spec: RunSpec) -> SingleEnvExperiment:
    env, preset = build(spec)
    return SingleEnvExperiment(preset, env)
