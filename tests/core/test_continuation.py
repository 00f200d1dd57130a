"""Runs that were killed at any moment and go on as if nothing had happened."""

from __future__ import annotations

import copy
import csv
import dataclasses
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from all_agents.agents import DQN
from allcore.checkpoint import load_tensors
from allcore.environments import GymEnvironment
from allcore.experiments import Outcome, RunSpec, SingleEnvExperiment
from allcore.experiments.experiment import Experiment
from allcore.experiments.run import execute
from allcore.experiments.setup import build
from allcore.experiments.status_logger import StatusLogger
from allcore.experiments.training_state import go_on_from, training_state

SMALL = {"replay_start_size": 60, "replay_buffer_size": 150, "hidden": [8]}
CASES = {
    "dqn": ("classic.dqn", "CartPole-v1", SMALL),
    "dqn, compiled": ("classic.dqn", "CartPole-v1", {**SMALL, "compiled": True}),
    "dqn, three side by side": ("classic.dqn", "CartPole-v1", {**SMALL, "n_envs": 3}),
    "rainbow": ("classic.rainbow", "Acrobot-v1", SMALL),
    "ppo": ("classic.ppo", "CartPole-v1", {"hidden": [8], "n_steps": 16}),
    "ppo, normalised": ("mujoco.ppo2", "Hopper-v5", {"hidden": [8], "n_steps": 32, "n_minibatches": 2}),
    "sac": ("mujoco.sac", "HalfCheetah-v5", {**SMALL, "critic_hidden": [8]}),
    "independent": (
        "pettingzoo.independent",
        "simple_speaker_listener_v4",
        {"settings": ["hidden=8", "replay_start_size=60"]},
    ),
    "independent, with illegal actions": (
        "pettingzoo.independent",
        "tictactoe_v3",
        {"settings": ["hidden=8", "replay_start_size=60"]},
    ),
    "rainbow on Atari": (
        "atari.rainbow",
        "Pong",
        {"replay_start_size": 60, "replay_buffer_size": 150, "minibatch_size": 2, "hidden": [8]},
    ),
    "ppo on Atari": ("atari.ppo", "Breakout", {"n_envs": 2, "n_steps": 32, "n_epochs": 1}),
    "a2c": ("continuous.a2c", "Pendulum-v1", {"hidden": [8]}),
}


# Who is killed closes nothing.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


#: How episodes are kept short where Gymnasium's time limit is not the way.
_SHORT = {"pettingzoo": {}, "atari": {"max_episode_frames": 400}}


@pytest.fixture(autouse=True)
def _swept() -> Iterator[None]:
    """What killed runs left open is closed here, and not in the middle of somebody else's test."""
    yield
    gc.collect()


class Killed(BaseException):
    """Nobody catches it."""


def _spec(case: str, **changes: Any) -> RunSpec:
    preset, environment, hyperparameters = CASES[case]
    spec = RunSpec(
        preset=preset,
        environment=environment,
        frames=500,
        seed=1,
        hyperparameters=hyperparameters,
        environment_options=_SHORT.get(preset.partition(".")[0], {"max_episode_steps": 27}),
        test_episodes=2,
        evaluation_interval=200,
        checkpoint_frames=70,
        loggers=("core.csv", "core.tensorboard", "core.jsonl"),
    )
    return dataclasses.replace(spec, **changes)


def _kill_after(ticks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill the process, as it were, when the agent is asked for the time after this many."""
    left = iter(range(ticks))
    chosen = Experiment._chosen

    def counting(self: Experiment, state: Any) -> Any:
        if next(left, None) is None:
            raise Killed
        return chosen(self, state)

    monkeypatch.setattr(Experiment, "_chosen", counting)


def _run(
    spec: RunSpec, logdir: Path, monkeypatch: pytest.MonkeyPatch, kills: tuple[int, ...] = ()
) -> Outcome:
    for ticks in kills:
        with monkeypatch.context() as patch:
            _kill_after(ticks, patch)
            with pytest.raises(Killed):
                execute(spec, logdir, quiet=True)
    outcome = execute(spec, logdir, quiet=True)
    assert outcome.state == "finished", outcome.message
    return outcome


def _ticks(spec: RunSpec) -> tuple[int, ...]:
    """After how many ticks to kill: before the first checkpoint, after some, right after going on, and once more."""
    env, preset = build(spec)
    env.close()
    return tuple(frames // preset.n_envs for frames in (24, 200, 16, 120))


def _scalars(folder: Path) -> list[tuple[str, int, float]]:
    """What TensorBoard shows: later files take back what earlier ones said of frames that came again."""
    shown: list[tuple[str, int, float]] = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(path)).Load():
            if event.HasField("session_log"):
                shown = [scalar for scalar in shown if scalar[1] < event.step]
            for value in event.summary.value:
                if not value.tag.startswith("timing/"):
                    shown.append((value.tag, event.step, value.tensor.float_val[0]))
    return shown


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text().splitlines():
        record = json.loads(line)
        if not str(record.get("name", "")).startswith("timing/"):
            yield {key: value for key, value in record.items() if key not in ("time", "seconds")}


@pytest.mark.parametrize("case", CASES)
def test_a_killed_run_ends_as_one_that_never_was(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = _spec(case)
    whole = _run(spec, tmp_path / "whole", monkeypatch).folder
    killed = _run(spec, tmp_path / "killed", monkeypatch, kills=_ticks(spec)).folder
    names = sorted(path.name for path in whole.glob("*.csv"))
    assert names == ["episodes.csv", "evaluation_episodes.csv", "evaluations.csv", "returns100.csv"]
    for name in names:
        assert (killed / name).read_text() == (whole / name).read_text(), name
    assert list(_lines(killed / "events.jsonl")) == list(_lines(whole / "events.jsonl"))
    assert _scalars(killed) == _scalars(whole)
    weights = [load_tensors(folder / "preset.safetensors")[0] for folder in (whole, killed)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    continued = json.loads((killed / "run.json").read_text())["continued"]
    anew, *continued = continued
    assert anew == {"frame": 0, "notices": ["The run had begun, and left no checkpoint: it begins anew."]}
    assert [entry["notices"] for entry in continued] == [[]] * len(continued)
    assert continued
    assert not list((killed / "checkpoints").glob("*.safetensors"))  # a finished run needs none


def test_networks_that_draw_from_torch_s_own_stream_go_on_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dropping.py").write_text(
        "from torch import nn\n\n\ndef out(space):\n    return nn.Dropout(0.3)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    spec = _spec("dqn", hyperparameters={**SMALL, "features": "dropping:out"})
    before = torch.get_rng_state()
    whole = _run(spec, tmp_path / "whole", monkeypatch).folder
    assert torch.equal(torch.get_rng_state(), before)  # whoever calls has theirs to themselves
    torch.rand(3)
    killed = _run(spec, tmp_path / "killed", monkeypatch, kills=(200,)).folder
    assert json.loads((killed / "run.json").read_text())["continued"][0]["frame"] > 0
    assert (killed / "episodes.csv").read_text() == (whole / "episodes.csv").read_text()
    weights = [load_tensors(folder / "preset.safetensors")[0] for folder in (whole, killed)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_run_goes_on_with_as_many_threads_as_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        _kill_after(190, patch)
        with pytest.raises(Killed):
            execute(_spec("dqn"), tmp_path, quiet=True)
    (path,) = tmp_path.glob("*/*/*/run.json")
    record = json.loads(path.read_text())
    assert record["threads"] == 1
    path.write_text(json.dumps({**record, "threads": 2}))  # as if it had been another machine
    seen = set()
    chosen = Experiment._chosen

    def looking(self: Experiment, state: Any) -> Any:
        seen.add(torch.get_num_threads())
        return chosen(self, state)

    monkeypatch.setattr(Experiment, "_chosen", looking)
    assert execute(_spec("dqn"), tmp_path, quiet=True).state == "finished"
    assert seen == {2}
    assert json.loads(path.read_text())["threads"] == 2


def test_going_on_with_other_versions_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = _spec("dqn", checkpoint_frames=50)
    with monkeypatch.context() as patch:
        _kill_after(190, patch)
        with pytest.raises(Killed):
            execute(spec, tmp_path, quiet=True)
    (path,) = tmp_path.glob("*/*/*/run.json")
    record = json.loads(path.read_text())
    torch_now, processor_now = record["versions"]["torch"], record["processor"]
    record["versions"]["torch"] = "1.0"
    path.write_text(json.dumps({**record, "processor": "8086"}))
    with monkeypatch.context() as patch:
        _kill_after(100, patch)
        with pytest.raises(Killed):
            execute(spec, tmp_path, quiet=True)
    execute(spec, tmp_path, quiet=True)
    first, second = json.loads(path.read_text())["continued"]
    assert first["notices"] == [
        f"Other versions, or another processor, may compute other last digits: processor 8086 before and {processor_now} "
        f"now, torch 1.0 before and {torch_now} now."
    ]
    assert second["notices"] == []  # the same as the last time


def test_the_status_counts_on_from_the_episodes_there_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = _spec("dqn", checkpoint_frames=50)
    counts: list[int] = []
    monkeypatch.setattr(StatusLogger, "progress", lambda self, *_: counts.append(self.episodes))
    with monkeypatch.context() as patch:
        _kill_after(190, patch)
        with pytest.raises(Killed):
            execute(spec, tmp_path, quiet=True)
    counts.clear()
    outcome = execute(spec, tmp_path, quiet=True)
    (entry,) = json.loads((outcome.folder / "run.json").read_text())["continued"]
    with (outcome.folder / "episodes.csv").open() as file:
        ended = [row for row in csv.DictReader(file) if int(row["frame"]) <= entry["frame"]]
    assert counts[0] == len(ended) > 0


def test_what_cannot_be_saved_begins_its_episode_anew_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GymEnvironment, "state_dict", lambda self: None)
    outcome = _run(_spec("dqn"), tmp_path, monkeypatch, kills=(200,))
    (entry,) = json.loads((outcome.folder / "run.json").read_text())["continued"]
    (notice,) = entry["notices"]
    assert "begun anew" in notice
    assert "CartPole-v1" in notice
    with (outcome.folder / "episodes.csv").open() as file:
        rows = list(csv.DictReader(file))
    lengths = sum(int(row["length"]) for row in rows)
    assert int(rows[-1]["frame"]) - 27 < lengths < int(rows[-1]["frame"])  # one episode was given up


def test_an_agent_never_learns_from_the_step_between_two_episodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an episode was given up, what is stored of it ends with an end, bootstrapped from."""
    monkeypatch.setattr(GymEnvironment, "state_dict", lambda self: None)
    one_step = _spec("dqn", hyperparameters={**SMALL, "n_steps": 1})
    env, preset = build(one_step)
    loop = SingleEnvExperiment(preset, env)
    loop.before_step = lambda: saved.append(copy.deepcopy(training_state(loop)))
    saved: list[Any] = []
    loop.train(frames=30)
    env, preset = build(one_step)
    after = SingleEnvExperiment(preset, env)
    assert go_on_from(after, saved[-1])
    after.train(frames=60)
    states, _, rewards, next_states, _ = after._agent.replay_buffer.sample(2000)
    odd = rewards == 0  # a step of CartPole gives 1
    assert odd.any()
    assert torch.equal(states.observation[odd], next_states.observation[odd])
    assert next_states.mask[odd].tolist() == [1.0] * int(odd.sum())
    loop.close()
    after.close()


def test_the_run_of_an_agent_that_cannot_be_saved_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(DQN, "state_dict")
    whole = _run(_spec("dqn"), tmp_path / "whole", monkeypatch).folder
    killed = _run(_spec("dqn"), tmp_path / "killed", monkeypatch, kills=(200,)).folder
    assert (killed / "episodes.csv").read_text() == (whole / "episodes.csv").read_text()
    (entry,) = json.loads((killed / "run.json").read_text())["continued"]
    assert entry["frame"] == 0
    assert "begins anew" in entry["notices"][0]
    warnings = [record.message for record in caplog.records if "no checkpoint at" in record.message]
    assert len(warnings) == 3  # one for each time that it was begun
    assert "DQN cannot be saved" in warnings[0]
