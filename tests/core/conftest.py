"""What the tests of mishaps share: a small run that has all the files, and something that happens in its middle."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from allcore.experiments import RunSpec
from allcore.experiments.experiment import Experiment


@pytest.fixture
def small_run() -> RunSpec:
    """500 frames with updates, three evaluations, seven checkpoints, and weights that are saved all the time."""
    return RunSpec(
        preset="classic.dqn",
        environment="CartPole-v1",
        frames=500,
        seed=1,
        hyperparameters={"replay_start_size": 60, "replay_buffer_size": 150, "hidden": [8]},
        environment_options={"max_episode_steps": 27},
        test_episodes=2,
        evaluation_interval=200,
        checkpoint_frames=70,
        save_freq=3,
        loggers=("core.csv", "core.tensorboard", "core.jsonl"),
    )


@pytest.fixture
def results() -> Callable[[Path], dict[str, str]]:
    """The CSV files of a run's folder, whole."""
    names = ("episodes.csv", "evaluation_episodes.csv", "evaluations.csv", "returns100.csv")
    return lambda folder: {name: (folder / name).read_text() for name in names}


@pytest.fixture
def at_frame(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """`with at_frame(200, something):` something happens once, when an agent is asked for its action after 200 frames."""

    @contextlib.contextmanager
    def happening(frame: int, something: Callable[[], Any]) -> Iterator[None]:
        chosen, todo = Experiment._chosen, [something]

        def choose(self: Experiment, state: Any) -> Any:
            if todo and self.frame >= frame:
                todo.pop()()
            return chosen(self, state)

        with monkeypatch.context() as patch:
            patch.setattr(Experiment, "_chosen", choose)
            yield

    yield happening
    gc.collect()  # what a killed run left open is closed here, and not in the middle of somebody else's test
