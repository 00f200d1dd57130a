"""The run's folder is removed, the clock is set back, two processes want one folder: a clear error, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from allcore.cli import main
from allcore.errors import LogdirError
from allcore.experiments import RunSpec
from allcore.experiments.checkpoints import Due
from allcore.experiments.run import execute
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.runs import read_run

# Who is killed closes nothing.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

Results = Callable[[Path], dict[str, str]]


class Killed(BaseException):
    """Nobody catches it."""


def _kill() -> None:
    raise Killed


# The folder is removed


@pytest.mark.parametrize(
    "found_out",
    ["when a checkpoint is due", "when the status is written", "when the weights are saved", "at the end"],
)
def test_a_run_whose_folder_is_removed_ends_and_does_not_make_it_again(
    found_out: str,
    tmp_path: Path,
    small_run: RunSpec,
    at_frame: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    never = {"checkpoint_frames": 0, "save_freq": 0, "evaluation_interval": 0}
    if found_out == "when a checkpoint is due":
        spec = _changed(small_run, **never | {"checkpoint_frames": 70})
    elif found_out == "when the weights are saved":
        spec = _changed(small_run, **never | {"save_freq": 3})
    else:
        spec = _changed(small_run, **never)
    seconds = 0.0 if found_out == "when the status is written" else 1e9
    monkeypatch.setattr("allcore.experiments.status_logger.INTERVAL", seconds)
    monkeypatch.setattr("allcore.experiments.training_log.PROGRESS_INTERVAL", seconds)
    other = execute(_changed(spec, seed=2), tmp_path, quiet=True)

    def remove() -> None:
        (folder,) = tmp_path.glob("*/*/seed1-*")
        shutil.rmtree(folder)

    reached: list[int] = []
    with at_frame(400, lambda: reached.append(400)), at_frame(300, remove):
        outcome = execute(spec, tmp_path, quiet=True)
    assert outcome.state == "failed"
    assert "was removed or replaced while the run was writing it" in outcome.message
    assert caplog.messages == []
    assert reached == ([400] if found_out == "at the end" else [])
    assert [path.name for path in other.folder.parent.iterdir()] == [other.folder.name]
    found = read_run(other.folder)
    assert found is not None
    assert found.state == "finished"


def test_a_run_leaves_the_folder_of_another_one_alone_that_took_its_place(
    tmp_path: Path, small_run: RunSpec, at_frame: Callable[..., Any]
) -> None:
    taken: list[RunFolder] = []

    def replace() -> None:
        (path,) = tmp_path.glob("*/*/*")
        shutil.rmtree(path)
        taken.append(RunFolder(path).open())

    with at_frame(300, replace):
        outcome = execute(small_run, tmp_path, quiet=True)
    assert outcome.state == "failed"
    assert "was removed or replaced" in outcome.message
    assert [path.name for path in outcome.folder.iterdir()] == ["lock"]
    taken[0].close()


def test_removed_checkpoints_are_written_again_whole(
    tmp_path: Path, small_run: RunSpec, at_frame: Callable[..., Any], results: Results
) -> None:
    whole = results(execute(small_run, tmp_path / "whole", quiet=True).folder)

    def remove() -> None:
        (folder,) = tmp_path.glob("killed/*/*/*/checkpoints")
        shutil.rmtree(folder)

    with at_frame(380, _kill), at_frame(300, remove), pytest.raises(Killed):
        execute(small_run, tmp_path / "killed", quiet=True)
    again = execute(small_run, tmp_path / "killed", quiet=True)
    assert json.loads((again.folder / "run.json").read_text())["continued"] == [{"frame": 350, "notices": []}]
    assert results(again.folder) == whole


def test_what_killed_processes_left_half_written_is_removed(
    tmp_path: Path, small_run: RunSpec, at_frame: Callable[..., Any]
) -> None:
    with at_frame(300, _kill), pytest.raises(Killed):
        execute(small_run, tmp_path, quiet=True)
    (folder,) = tmp_path.glob("*/*/*")
    for name in (
        ".preset.safetensors.123.tmp",
        ".tmpX1y2Z3",  # safetensors makes such a file in writing the one above
        "checkpoints/.000000000300.safetensors.123.tmp",
        "checkpoints/.tmpX1y2Z3",
    ):
        (folder / name).write_bytes(b"half")
    with at_frame(301, _kill), pytest.raises(Killed):
        execute(small_run, tmp_path, quiet=True)
    assert not list(folder.rglob(".*"))


# The clock is set back


def _curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    tags = [tag for tag in accumulator.Tags()["scalars"] if not tag.startswith("timing/")]
    return {tag: [(event.step, event.value) for event in accumulator.Scalars(tag)] for tag in tags}


def test_a_clock_that_is_set_back_changes_nothing(
    tmp_path: Path,
    small_run: RunSpec,
    at_frame: Callable[..., Any],
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By an hour in the middle of a run, and by another one before it goes on."""
    whole = execute(small_run, tmp_path / "whole", quiet=True)
    now, offset = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + offset[0])

    def set_back() -> None:
        offset[0] -= 3600.0

    with at_frame(380, _kill), at_frame(300, set_back), pytest.raises(Killed):
        execute(small_run, tmp_path / "killed", quiet=True)
    set_back()
    again = execute(small_run, tmp_path / "killed", quiet=True)
    assert json.loads((again.folder / "run.json").read_text())["continued"] == [{"frame": 350, "notices": []}]
    assert results(again.folder) == results(whole.folder)
    assert _curves(again.folder) == _curves(whole.folder)


def test_checkpoints_by_time_do_not_wait_for_a_clock_that_was_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.time()
    due = Due(0.05)
    monkeypatch.setattr(time, "time", lambda: now - 3600.0)
    assert not due.now(1)
    time.sleep(0.06)
    assert due.now(1)


def test_a_run_elsewhere_that_was_heard_of_in_the_future_is_not_believed_for_ever(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        folder.write_run({"preset": "a", "env": "b", "seed": 0, "frames": 10})
        folder.write_status("running", frame=5, frames=10)
    status = folder.read_status() | {"host": "elsewhere", "updated": "2999-01-01T00:00:00+00:00"}
    folder.status_file.write_text(json.dumps(status))
    found = read_run(folder.path)
    assert found is not None
    assert found.state == "interrupted"


# Two processes


def test_a_second_process_is_refused_and_the_first_one_does_not_notice(
    tmp_path: Path, small_run: RunSpec, results: Results
) -> None:
    whole = execute(small_run, tmp_path / "whole", quiet=True)
    spec, logdir = tmp_path / "spec.json", tmp_path / "runs"
    spec.write_text(json.dumps(small_run.to_json()))
    command = ["run", "--spec", str(spec), "--logdir", str(logdir), "--quiet"]
    script = f"""
import sys
from allcore.cli import main
from allcore.experiments.experiment import Experiment
chosen = Experiment._chosen
def choose(self, state):
    if self.frame == 300 and not waited:
        waited.append(True)
        print("waiting", flush=True)
        sys.stdin.readline()
    return chosen(self, state)
waited = []
Experiment._chosen = choose
main({command})
"""
    first = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "waiting\n"
    (folder,) = logdir.glob("*/*/*")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for refused in (command, ["resume", str(folder), "--quiet"]):
        result = CliRunner().invoke(main, refused)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"Error: Another process (pid {first.pid}) is writing {folder}.\n")
        assert "--fresh" in result.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    first.communicate("go on\n")
    assert first.returncode == 0
    assert results(folder) == results(whole.folder)


def test_where_there_are_no_locks_the_user_is_told(
    tmp_path: Path, small_run: RunSpec, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("allcore.experiments.folder_lock.fcntl", None)
    outcome = execute(_changed(small_run, frames=20), tmp_path, quiet=True)
    assert outcome.state == "finished"
    (told,) = caplog.messages
    assert told.startswith(f"{outcome.folder} lies where there are no locks")
    assert json.loads((outcome.folder / "run.json").read_text())["guarded"] is False


def test_nobody_begins_in_a_folder_that_is_being_discarded(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path / "run").open(), RunFolder(tmp_path / "run")
    refused: list[LogdirError] = []

    def wait_for_it() -> None:
        try:
            second.open()
        except LogdirError as error:
            refused.append(error)

    waiting = threading.Thread(target=wait_for_it)
    waiting.start()
    time.sleep(0.1)
    first.discard()
    waiting.join()
    # It took the lock and found that it is gone, or came after and made the folder anew.
    assert bool(refused) != (tmp_path / "run" / "lock").exists()
    second.close()


def test_a_discarded_folder_is_locked_until_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove, locked = RunFolder._remove_made, []

    def noting(self: RunFolder) -> None:
        locked.append(RunFolder(self.path).is_locked())
        remove(self)

    monkeypatch.setattr(RunFolder, "_remove_made", noting)
    RunFolder(tmp_path / "run").open().discard()
    assert locked == [True]
    assert not (tmp_path / "run").exists()


def _changed(spec: RunSpec, **changes: Any) -> RunSpec:
    return RunSpec.from_json({**spec.to_json(), **changes})
