"""A third party's executor has the same three methods as ours: the example, used as its text says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allcore.executors import LocalExecutor
from allcore.plugins import registry

EXAMPLE = Path(__file__).parents[2] / "examples" / "folder_executor.py"
RUN = (
    *("run", "--preset", "classic.dqn", "--env", "CartPole-v1", "--frames", "200", "--test-episodes", "2"),
    *("--set", "replay_start_size=50", "--seeds", "0-1", "--quiet"),
)


@pytest.fixture
def call(run_all, fresh_registry):
    def with_plugin(*arguments):
        result = run_all("--plugin", EXAMPLE, *arguments)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return with_plugin


def _states(call):
    return [run["state"] for run in json.loads(call("runs", "--json"))]


def test_runs_are_handed_over_asked_after_taken_back_and_carried_out(call):
    call(*RUN, "--executor", "folder_executor.waiting")
    assert _states(call) == ["queued", "queued"]
    folders = [Path(run["path"]) for run in json.loads(call("runs", "--json"))]
    executor = registry().load(registry().find("executors", "waiting"))()
    executor.cancel(folders[:1])
    assert _states(call) == ["submitted", "queued"]
    call("folder_executor", "take")
    assert _states(call) == ["submitted", "finished"]
    call(*RUN, "--executor", "waiting")
    call("folder_executor", "take")
    assert _states(call) == ["finished", "finished"]
    call(*RUN, "--logdir", "here")
    for folder in folders:
        here = Path("here", *folder.parts[1:])
        assert (folder / "preset.safetensors").read_bytes() == (here / "preset.safetensors").read_bytes()


def test_ours_is_no_other_kind_of_executor():
    from all_slurm import ArrayExecutor
    from allcore.executors import Executor

    for executor in (LocalExecutor, ArrayExecutor):
        assert issubclass(executor, Executor)
        assert Executor.__abstractmethods__ == {"submit", "standings", "cancel"}
