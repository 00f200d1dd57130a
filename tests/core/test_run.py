"""Whole runs: what lies in the folder, the same twice, interrupted, failed, refused."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from pathlib import Path

import pytest
import torch

from allcore.checkpoint import load_tensors
from allcore.environments import GymEnvironment
from allcore.errors import (
    CheckpointError,
    DeviceError,
    DomainError,
    HyperparameterError,
    UnknownEnvironmentError,
    UnknownKeyError,
    UsageError,
)
from allcore.experiments import Outcome, RunSpec, beginning, run_experiment
from allcore.experiments.evaluation import evaluate_run
from allcore.experiments.run import execute
from allcore.experiments.runs import read_run
from allcore.experiments.single_env_experiment import SingleEnvExperiment
from allcore.plugins import configure, registry, reset
from allcore.presets import Preset

SPEC = RunSpec(
    preset="classic.dqn",
    environment="CartPole-v1",
    frames=700,
    seed=4,
    hyperparameters={"replay_start_size": 100, "update_frequency": 4},
    test_episodes=3,
)


def _run(logdir: Path, **changes: object) -> Outcome:
    fresh = bool(changes.pop("fresh", False))
    return execute(dataclasses.replace(SPEC, **changes), logdir, quiet=True, fresh=fresh)


def test_a_run_leaves_everything_in_its_folder(tmp_path: Path) -> None:
    outcome = _run(tmp_path, evaluation_interval=300)
    assert outcome.state == "finished"
    assert outcome.folder.parent == tmp_path / "classic.dqn" / "CartPole-v1"
    with (outcome.folder / "episodes.csv").open() as file:
        episodes = list(csv.DictReader(file))
    assert int(episodes[-1]["frame"]) <= 700
    assert sum(int(row["length"]) for row in episodes) == int(episodes[-1]["frame"])
    with (outcome.folder / "returns100.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["frame", "mean", "std", "max", "min"]
    returns = [float(row["return"]) for row in episodes]
    assert float(rows[0]["mean"]) == pytest.approx(sum(returns) / len(returns))
    with (outcome.folder / "evaluations.csv").open() as file:
        assert [row["frame"] for row in csv.DictReader(file)] == ["300", "600", "700"]
    record = json.loads((outcome.folder / "run.json").read_text())
    assert record["hyperparameters"]["update_frequency"] == 4
    assert RunSpec.from_json(record["spec"]).run_name == outcome.folder.name
    assert json.loads((outcome.folder / "status.json").read_text())["state"] == "finished"
    assert list(outcome.folder.glob("events.out.tfevents*"))


def test_the_same_specification_gives_the_same_run(tmp_path: Path) -> None:
    thousand_updates = {"frames": 2_100, "hyperparameters": {"replay_start_size": 100, "update_frequency": 2}}
    first = _run(tmp_path, **thousand_updates)
    second = _run(tmp_path, fresh=True, **thousand_updates)
    assert first.folder != second.folder
    assert (first.folder / "episodes.csv").read_bytes() == (second.folder / "episodes.csv").read_bytes()
    weights = [load_tensors(outcome.folder / "preset.safetensors")[0] for outcome in (first, second)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    first = _run(tmp_path)
    before = (first.folder / "episodes.csv").stat().st_mtime_ns
    again = _run(tmp_path)
    assert (again.state, again.folder) == ("already finished", first.folder)
    assert (first.folder / "episodes.csv").stat().st_mtime_ns == before


def test_the_saved_weights_play_the_run_s_own_final_games(tmp_path: Path) -> None:
    outcome = _run(tmp_path)
    with (outcome.folder / "evaluation_episodes.csv").open() as file:
        returns = [float(row["return"]) for row in csv.DictReader(file)]
    assert evaluate_run(outcome.folder, episodes=3)["returns"] == returns
    # However many are asked for, also in a task whose vector draws for all environments from one stream.
    assert evaluate_run(outcome.folder, episodes=12)["returns"][:3] == returns


def test_an_interrupted_run_is_marked_and_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: SingleEnvExperiment, frames: float = 0, episodes: float = 0) -> None:
        train(self, frames=500)
        raise KeyboardInterrupt

    train = SingleEnvExperiment.train
    with monkeypatch.context() as patch:
        patch.setattr(SingleEnvExperiment, "train", interrupt)
        stopped = _run(tmp_path)
    assert stopped.state == "interrupted"
    assert json.loads((stopped.folder / "status.json").read_text())["state"] == "interrupted"
    assert (stopped.folder / "preset.safetensors").exists()
    assert len((stopped.folder / "episodes.csv").read_text().splitlines()) > 2
    again = _run(tmp_path)
    assert (again.state, again.folder) == ("finished", stopped.folder)
    whole = _run(tmp_path, fresh=True)
    assert (again.folder / "episodes.csv").read_bytes() == (whole.folder / "episodes.csv").read_bytes()


def test_a_failed_run_says_so_and_keeps_the_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the weights caught fire")

    monkeypatch.setattr(SingleEnvExperiment, "train", fail)
    outcome = _run(tmp_path)
    assert outcome.state == "failed"
    assert "caught fire" in outcome.message
    assert "Traceback" in (outcome.folder / "error.txt").read_text()
    assert json.loads((outcome.folder / "status.json").read_text())["state"] == "failed"


def test_a_run_whose_last_rows_fail_is_a_failed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise ArithmeticError("no such mean")

    monkeypatch.setattr("allcore.experiments.training_log.summarise", fail)
    outcome = _run(tmp_path)
    assert (outcome.state, read_run(outcome.folder).state) == ("failed", "failed")
    assert "no such mean" in read_run(outcome.folder).error
    assert (outcome.folder / "preset.safetensors").exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"preset": "classic.dqm"}, UnknownKeyError),
        ({"environment": "CartPole-v7"}, UnknownEnvironmentError),
        ({"environment": "atari:Breakout"}, DomainError),
        ({"environment": "gym:Pendulum-v1"}, DomainError),
        ({"hyperparameters": {"learning_rate": 1}}, HyperparameterError),
        ({"hyperparameters": {"minibatch_size": "big"}}, HyperparameterError),
        ({"device": "cuda:9"}, DeviceError),
        ({"device": "teapot"}, DeviceError),
        ({"loggers": ("core.papyrus",)}, UnknownKeyError),
    ],
)
def test_what_cannot_be_run_is_refused_and_leaves_nothing(
    tmp_path: Path, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        _run(tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(beginning, "make_experiment", fail)
    with pytest.raises(RuntimeError, match="no"):
        _run(tmp_path)
    assert not list(tmp_path.rglob("run.json"))


def test_a_mistake_that_only_the_first_state_shows_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="replay buffer"):
        _run(tmp_path, hyperparameters={"replay_buffer_size": 10**15})
    assert list(tmp_path.iterdir()) == []


def test_a_run_begun_again_forgets_the_failure_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise CheckpointError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Preset, "save", full)
        failed = _run(tmp_path)
    assert failed.state == "failed"
    assert json.loads((failed.folder / "status.json").read_text())["state"] == "failed"
    assert (failed.folder / "error.txt").exists()
    again = _run(tmp_path)
    assert (again.state, again.folder) == ("finished", failed.folder)
    assert not (again.folder / "error.txt").exists()


def test_evaluation_computes_with_as_many_threads_as_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(*args: object) -> dict[str, object]:
        counts.append(torch.get_num_threads())
        return {}

    counts: list[int] = []
    outcome = _run(tmp_path)
    file = outcome.folder / "run.json"
    record = json.loads(file.read_text())
    monkeypatch.setattr("allcore.experiments.evaluation.evaluate_in", keep)
    before = torch.get_num_threads()
    for recorded in (3, 2, None, 10**6, "two"):
        file.write_text(json.dumps({**record, "threads": recorded}))
        evaluate_run(outcome.folder, episodes=1)
    assert counts == [3, 2, 1, 1, 1]  # one is what suits so small a network
    assert torch.get_num_threads() == before


def test_threads_are_put_back(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    _run(tmp_path)
    assert torch.get_num_threads() == before


def test_run_experiment_trains_agents_in_environments(tmp_path: Path) -> None:
    dqn = registry().load(registry().find("presets", "classic.dqn"))
    small = dqn.hyperparameters(replay_start_size=100, update_frequency=10)
    envs = [GymEnvironment("CartPole-v1"), GymEnvironment("Acrobot-v1")]
    outcomes = run_experiment([small], envs, 600, logdir=tmp_path, quiet=True, test_episodes=0, seed=2)
    assert [outcome.state for outcome in outcomes] == ["finished", "finished"]
    assert {outcome.folder.parent.name for outcome in outcomes} == {"CartPole-v1", "Acrobot-v1"}
    record = json.loads((outcomes[0].folder / "run.json").read_text())
    assert record["spec"]["hyperparameters"] == {"replay_start_size": 100, "update_frequency": 10}
    assert "all-agents" in record["versions"]


def test_plugins_are_told_what_happens_to_a_run(tmp_path: Path) -> None:
    (tmp_path / "listener.py").write_text(
        """
from allcore.plugins import hookimpl

told = []


@hookimpl
def all_run_started(spec, folder, frame):
    told.append(("started", frame))
    raise RuntimeError("what a listener raises changes nothing")


@hookimpl
def all_evaluation_finished(frame, returns):
    told.append(("evaluated", frame, len(returns)))


@hookimpl
def all_checkpoint_saved(frame, path):
    told.append(("saved", frame, path.name))


@hookimpl
def all_run_finished(frame):
    told.append(("finished", frame))
"""
    )
    configure(files=[tmp_path / "listener.py"])
    outcome = _run(tmp_path / "runs", checkpoint_frames=500)
    assert outcome.state == "finished"
    (plugin,) = [status for status in registry().plugins() if status.namespace == "listener"]
    told = sys.modules[plugin.module_name].told
    reset()
    assert told == [
        ("started", 0),
        ("saved", 500, "000000000500.safetensors"),
        ("evaluated", 700, 3),
        ("finished", 700),
    ]
