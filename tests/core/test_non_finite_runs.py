"""Runs that meet numbers that are not finite: what is left behind, and how they go on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from allcore.checkpoint import load_state
from allcore.cli import main
from allcore.environments import GymEnvironment
from allcore.errors import SpecError
from allcore.experiments import Outcome, RunSpec, run_experiment
from allcore.experiments.checkpoints import Checkpoints
from allcore.experiments.run import execute
from allcore.experiments.single_env_experiment import SingleEnvExperiment
from allcore.presets import load_preset

SPEC = RunSpec(
    preset="classic.dqn",
    environment="CartPole-v1",
    frames=300,
    hyperparameters={"replay_start_size": 100, "minibatch_size": 64, "update_frequency": 2},
    test_episodes=0,
    checkpoint_frames=100,
    save_freq=1,
)

#: The agent step whose reward is poisoned.
STEP = 150


def _run(logdir: Path, **changes: Any) -> Outcome:
    return execute(dataclasses.replace(SPEC, **changes), logdir, quiet=True)


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that once gives a reward which is not a number."""
    step = GymEnvironment.step
    taken = SingleEnvExperiment._count

    def count(loop: SingleEnvExperiment, state: Any) -> None:
        taken(loop, state)
        loop._env.steps_so_far = loop.frame

    def bad(env: GymEnvironment, action: Any) -> Any:
        state = step(env, action)
        return state.update("reward", torch.nan) if getattr(env, "steps_so_far", 0) == STEP else state

    monkeypatch.setattr(SingleEnvExperiment, "_count", count)
    monkeypatch.setattr(GymEnvironment, "step", bad)


def weights_are_finite(folder: Path) -> bool:
    preset = load_preset(folder / "preset.safetensors")
    return all(bool(parameter.isfinite().all()) for parameter in preset.parameters())


@pytest.mark.usefixtures("poisoned")
def test_a_bad_reward_stops_the_run_and_the_same_command_told_so_goes_on(tmp_path: Path) -> None:
    failed = _run(tmp_path)
    assert failed.state == "failed"
    saved = load_state(failed.folder / "bad-batch.safetensors")
    assert STEP < saved["frame"] < SPEC.frames
    assert saved["batch"]["rewards"].isnan().sum() >= 1
    assert saved["batch"]["rewards"].shape == (64,)
    assert saved["batch"]["states"]["observation"].isfinite().all()
    status = json.loads((failed.folder / "status.json").read_text())
    assert (status["state"], status["frame"]) == ("failed", saved["frame"])
    for text in (status["error"], (failed.folder / "error.txt").read_text()):
        assert f"The loss of q is nan in its update {(saved['frame'] - 100) // 2}." in text
        assert str(failed.folder / "bad-batch.safetensors") in text
    assert weights_are_finite(failed.folder)
    assert Checkpoints(failed.folder / "checkpoints").files()

    went_on = _run(tmp_path, on_nan="go-on")
    assert went_on.folder == failed.folder
    assert went_on.state == "finished"
    assert json.loads((went_on.folder / "run.json").read_text())["continued"][0]["frame"] == 100
    assert not (went_on.folder / "bad-batch.safetensors").exists()
    assert not weights_are_finite(went_on.folder)  # as it was told


def test_weights_that_went_bad_unseen_are_saved_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = SingleEnvExperiment._count

    def count(loop: SingleEnvExperiment, state: Any) -> None:
        taken(loop, state)
        if loop.frame == STEP:
            with torch.no_grad():
                next(loop.preset.parameters()).view(-1)[0] = torch.inf

    monkeypatch.setattr(SingleEnvExperiment, "_count", count)
    no_learning = {"replay_start_size": 1000}  # a loss would show them
    outcome = _run(tmp_path, hyperparameters=no_learning, save_freq=0)
    assert outcome.state == "failed"
    assert "The weights of classic.dqn are not finite any more: model.1.1.weight." in outcome.message
    (kept,) = Checkpoints(outcome.folder / "checkpoints").files()
    assert int(kept.stem) == 100
    assert not (outcome.folder / "preset.safetensors").exists()
    assert not (outcome.folder / "bad-batch.safetensors").exists()
    assert _run(tmp_path / "2", hyperparameters=no_learning, on_nan="go-on").state == "finished"


@pytest.mark.usefixtures("poisoned")
def test_on_the_command_line(tmp_path: Path) -> None:
    command = [
        "run",
        "--preset",
        "classic.dqn",
        "--env",
        "CartPole-v1",
        "--frames",
        "300",
        "--test-episodes",
        "0",
    ]
    command += ["--set", "replay_start_size=100", "--set", "minibatch_size=64"]
    command += ["--quiet", "--logdir", str(tmp_path)]
    failed = CliRunner().invoke(main, command)
    assert failed.exit_code == 1
    assert "The loss of q is nan" in failed.output
    assert "--on-nan go-on" in failed.output
    assert "Traceback" not in failed.output
    assert CliRunner().invoke(main, [*command, "--on-nan", "go-on"]).exit_code == 0


@pytest.mark.usefixtures("poisoned")
def test_from_python(tmp_path: Path) -> None:
    from all_agents.presets.classic import dqn

    builder, env = dqn.hyperparameters(**SPEC.hyperparameters), GymEnvironment("CartPole-v1")
    options: dict[str, Any] = {"logdir": tmp_path, "quiet": True, "test_episodes": 0, "loggers": ()}
    with pytest.raises(RuntimeError, match="The loss of q is nan"):
        run_experiment(builder, env, 300, **options)
    (outcome,) = run_experiment(builder, env, 300, on_nan="go-on", **options)
    assert outcome.state == "finished"


def test_it_is_stop_or_go_on_and_the_run_is_the_same() -> None:
    assert dataclasses.replace(SPEC, on_nan="go-on").identity == SPEC.identity
    with pytest.raises(SpecError, match="on_nan is stop or go-on, not 'perhaps'"):
        dataclasses.replace(SPEC, on_nan="perhaps")
