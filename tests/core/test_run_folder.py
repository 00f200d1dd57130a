"""The folder of a run: names, locks, what is left behind; and the list of runs."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
import torch
from hypothesis import example, given, strategies as st

from allcore.errors import LogdirError, UsageError
from allcore.executors.this_machine import stop
from allcore.experiments import run_folder
from allcore.experiments.folder_lock import Owner
from allcore.experiments.process_record import process_record
from allcore.experiments.run_folder import RunFolder, free_name, safe_name
from allcore.experiments.runs import find_runs, read_run
from allcore.experiments.status_logger import StatusLogger

RECORD = {"preset": "atari.dqn", "env": "Breakout", "seed": 3, "frames": 1000, "frame_skip": 4, "spec": {}}


def make_run(logdir, preset="atari.dqn", env="Breakout", seed=0, state="finished", **status):
    with RunFolder.of(logdir, preset, env, f"seed{seed}-0123abcd") as folder:
        folder.write_run({**RECORD, "preset": preset, "env": env, "seed": seed})
        folder.write_status(state, **{"frame": 500, "frames": 1000, **status})
    return folder


def in_another_process(path, then):
    """Run a process that opens the folder, says that it is running, and does what `then` says."""
    script = f"""
import os, time
from allcore.experiments.run_folder import RunFolder
folder = RunFolder({str(path)!r}).open()
folder.write_run({RECORD!r})
folder.write_status("running", frame=10, frames=1000)
print("ready", flush=True)
{then}
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


# Names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Breakout", "Breakout"),
        ("ALE/Pong-v5", "ALE-Pong-v5"),
        ("my.module:factory", "my.module-factory"),
        ("..", "_"),
        (".hidden", "_.hidden"),
        ("--frames", "frames"),
        ("con", "_con"),
        ("Aux.txt", "_Aux.txt"),
        ("", "_"),
        ("ends. ", "ends"),
    ],
)
def test_safe_names(name, safe):
    assert safe_name(name) == safe


@given(st.text(max_size=300))
@example("a" * 99 + ".b")
@example("x-.")
@example(".-")
def test_any_text_becomes_one_component_of_a_path(name):
    safe = safe_name(name)
    assert 0 < len(safe) <= 100
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert safe[0] not in ".-"
    assert safe[-1] not in "-."
    assert safe_name(safe) == safe


def test_a_run_lies_at_preset_env_run(tmp_path):
    folder = RunFolder.of(tmp_path, "atari.dqn", "ALE/Pong-v5", "seed0-0123abcd")
    assert folder.path == tmp_path / "atari.dqn" / "ALE-Pong-v5" / "seed0-0123abcd"


def test_free_name_counts_up(tmp_path):
    folder = tmp_path / "run"
    assert free_name(folder) == folder
    folder.mkdir()
    assert free_name(folder) == tmp_path / "run.2"
    (tmp_path / "run.2").mkdir()
    assert free_name(folder) == tmp_path / "run.3"


# Folders that cannot be written


def test_a_file_in_the_way_is_a_clear_error_and_nothing_is_left(tmp_path):
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(LogdirError, match=r"runs/a/b/c cannot be written: Not a directory\.") as caught:
        RunFolder.of(tmp_path / "runs", "a", "b", "c").open()
    assert "--logdir" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_folder_that_takes_no_files_is_not_left_behind(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(LogdirError, match="cannot be written: Permission denied"):
        RunFolder.of(tmp_path / "runs", "a", "b", "c").open()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_folder_is_a_clear_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(LogdirError, match="Permission denied"):
        RunFolder.of(tmp_path / "runs", "a", "b", "c").open()


def test_discard_removes_what_open_made_and_no_more(tmp_path):
    make_run(tmp_path, seed=0)
    folder = RunFolder.of(tmp_path, "atari.dqn", "Pong", "seed0-0123abcd").open()
    folder.write_run(RECORD)
    folder.discard()
    assert [path.name for path in (tmp_path / "atari.dqn").iterdir()] == ["Breakout"]


def test_discard_leaves_a_folder_that_was_there_and_one_with_results(tmp_path):
    existing = RunFolder(make_run(tmp_path).path).open()
    existing.discard()
    assert existing.run_file.exists()
    with_results = RunFolder(tmp_path / "new").open()
    (with_results.path / "episodes.csv").write_text("frame\n")
    with_results.write_run(RECORD)
    with_results.discard()
    assert with_results.run_file.exists()
    assert (with_results.path / "episodes.csv").exists()


# Locks


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path):
    path = tmp_path / "run"
    process = in_another_process(path, "time.sleep(60)")
    try:
        with pytest.raises(LogdirError, match=f"Another process \\(pid {process.pid}\\) is writing"):
            RunFolder(path).open()
        assert RunFolder(path).is_locked()
    finally:
        process.kill()
        process.communicate()
    assert not RunFolder(path).is_locked()
    with RunFolder(path) as folder:
        assert folder.is_locked()


def test_a_new_owner_waits_for_someone_who_only_looks(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path / "lock").open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        timer = threading.Timer(0.1, fcntl.flock, [looking, fcntl.LOCK_UN])
        timer.start()
        RunFolder(tmp_path).open().close()
        timer.join()


def test_the_lock_says_who_took_it_last_and_not_who_wrote_the_status(tmp_path):
    folder = make_run(tmp_path)
    folder.status_file.write_text('{"state": "running", "pid": 1}')
    with RunFolder(folder.path) as again:
        assert again.owner() == Owner(os.getpid(), socket.gethostname())
        with pytest.raises(LogdirError, match=f"pid {os.getpid()}"):
            RunFolder(folder.path).open()


@pytest.mark.parametrize("text", ["", "0 host\n", "-5 host\n", "12", "9999999999 host\n", "\u00b2 host\n"])
def test_a_lock_that_makes_no_sense_names_nobody(text, tmp_path):
    (tmp_path / "lock").write_text(text, encoding="utf-8")
    assert RunFolder(tmp_path).owner() is None
    stop([tmp_path])


def test_only_who_holds_the_lock_is_stopped(tmp_path, monkeypatch):
    path = tmp_path / "run"
    process = in_another_process(path, "time.sleep(60)")
    stop([path])
    assert process.wait(30) == -signal.SIGTERM
    process.communicate()
    monkeypatch.setattr(os, "kill", None)
    stop([path])  # the lock still names the process


@pytest.mark.parametrize(
    ("error", "raised"), [(ProcessLookupError, None), (PermissionError, "is another user's")]
)
def test_a_process_that_cannot_be_stopped_is_no_traceback(error, raised, tmp_path, monkeypatch):
    def refuse(*_):
        raise error

    monkeypatch.setattr(os, "kill", refuse)
    with RunFolder(tmp_path), pytest.raises(UsageError, match=raised) if raised else contextlib.nullcontext():
        stop([tmp_path])


def test_where_there_are_no_locks_that_is_known(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def unknown(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with RunFolder(tmp_path) as folder:
        assert not folder.guarded
    assert RunFolder(tmp_path).is_locked() is None


# run.json and status.json


def test_what_is_written_is_read(tmp_path):
    with RunFolder(tmp_path / "run") as folder:
        assert folder.read_run() == {}
        folder.write_run(RECORD)
        folder.write_status("running", frame=5, frames=10, fps=2.5)
        status = folder.read_status()
    assert folder.read_run() == RECORD
    assert (status["state"], status["frame"], status["frames"], status["fps"]) == ("running", 5, 10, 2.5)
    assert status["pid"] == os.getpid()
    assert sorted(path.name for path in folder.path.iterdir()) == ["lock", "run.json", "status.json"]


def test_a_status_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    folder = make_run(tmp_path, frame=5)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    folder.write_status("running", frame=6, frames=1000)
    assert folder.read_status()["frame"] == 5
    assert not list(folder.path.glob("*.tmp"))
    with pytest.raises(LogdirError, match="No space left on device"):
        folder.write_run(RECORD)


def test_what_is_to_last_is_on_the_disk_with_its_name(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(run_folder, "flush", lambda path: done.append(path.name))
    folder = RunFolder(tmp_path)
    folder.write_status("running", frame=1, frames=2)
    assert done == []
    folder.write_status("finished", frame=2, frames=2)
    assert done == ["status.json.tmp", tmp_path.name]


def test_process_record_is_json_and_says_what_matters():
    record = json.loads(json.dumps(process_record(["pytest", "no-such-distribution"])))
    assert {"python", "torch", "numpy", "pytest"} <= set(record["versions"])
    assert "no-such-distribution" not in record["versions"]
    assert "pluggy" in record["versions"]  # which pytest depends on
    assert "hypothesis" not in record["versions"]  # which it does only with an extra
    names = {"versions", "git", "host", "platform", "processor", "cpus", "threads", "command", "started"}
    assert set(record) == names
    assert record["processor"].endswith(f"({torch.backends.cpu.get_cpu_capability()})")


def test_git_commit_of_the_folder_that_the_command_was_given_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert process_record()["git"] is None
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *arguments], check=True)
    git = process_record()["git"]
    assert len(git["commit"]) == 40
    assert git["changes"] is False


# The list of runs


def test_runs_are_found_from_every_level_and_sorted(tmp_path):
    make_run(tmp_path, seed=10)
    make_run(tmp_path, seed=2)
    make_run(tmp_path, env="Pong", preset="atari.a2c")
    keys = [(run.preset, run.env, run.seed) for run in find_runs(tmp_path)]
    assert keys == [("atari.a2c", "Pong", 0), ("atari.dqn", "Breakout", 2), ("atari.dqn", "Breakout", 10)]
    assert len(find_runs(tmp_path / "atari.dqn")) == 2
    assert len(find_runs(tmp_path / "atari.dqn" / "Breakout" / "seed2-0123abcd")) == 1


def test_a_run_tells_how_it_is_doing(tmp_path):
    folder = make_run(tmp_path, state="failed", frame=700, episodes=9, fps=50.0, error="ValueError: no")
    folder.write_run(
        {**RECORD, "spec": {"hyperparameters": {"lr": 0.1}, "environment_options": {"sticky": 0.25}}}
    )
    (folder.path / "returns100.csv").write_text("frame,mean,std,max,min\n100,1.5,0,2,1\n200,2.5,0,2,1\n")
    (folder.path / "evaluations.csv").write_text("frame,episodes,mean\n100,10,7.5\n200,10,8.")
    run = read_run(folder.path)
    assert (run.preset, run.env, run.seed, run.frame, run.frames) == ("atari.dqn", "Breakout", 3, 700, 1000)
    assert (run.state, run.error, run.episodes, run.fps) == ("failed", "ValueError: no", 9, 50.0)
    assert (run.returns100, run.evaluation) == (2.5, 7.5)  # a torn row does not count
    assert run.overrides == {"lr": 0.1, "sticky": 0.25}
    assert run.frame_skip == 4


def test_a_long_file_is_read_from_its_end(tmp_path):
    folder = make_run(tmp_path)
    rows = "".join(f"{frame},{frame / 4},0,0,0\n" for frame in range(5000))
    (folder.path / "returns100.csv").write_text(f"frame,mean,std,max,min\n{rows}")
    assert read_run(folder.path).returns100 == 4999 / 4


def test_foreign_and_torn_folders_are_passed_over(tmp_path):
    make_run(tmp_path, seed=1)
    (tmp_path / "notes.txt").write_text("hello")
    for name, content in {
        "torn": '{"preset": "a',
        "foreign": '{"name": "x"}',
        "list": "[]",
        "empty": "",
    }.items():
        (tmp_path / "other" / name).mkdir(parents=True)
        (tmp_path / "other" / name / "run.json").write_text(content)
    assert [run.seed for run in find_runs(tmp_path)] == [1]


def test_a_torn_status_is_an_interrupted_run(tmp_path):
    folder = make_run(tmp_path)
    folder.status_file.write_text('{"sta')
    assert read_run(folder.path).state == "interrupted"


def test_no_such_log_folder(tmp_path):
    with pytest.raises(LogdirError, match="There is no log folder"):
        find_runs(tmp_path / "nowhere")


def test_a_killed_run_is_interrupted(tmp_path):
    process = in_another_process(tmp_path / "run", "time.sleep(60)")
    try:
        assert read_run(tmp_path / "run").state == "running"
    finally:
        process.kill()
        process.communicate()
    assert read_run(tmp_path / "run").state == "interrupted"


@pytest.mark.parametrize(
    ("updated", "state"), [("2020-01-01T00:00:00+00:00", "interrupted"), (None, "running")]
)
def test_a_run_on_another_machine_is_believed_for_a_while(tmp_path, updated, state):
    folder = make_run(tmp_path, state="running")
    status = folder.read_status() | {"host": "elsewhere"}
    folder.status_file.write_text(json.dumps(status | ({"updated": updated} if updated else {})))
    assert read_run(folder.path).state == state


def test_listing_runs_imports_nothing_heavy():
    script = """
import sys
import allcore.experiments.runs
heavy = {"torch", "numpy", "gymnasium"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_a_run_that_evaluates_is_heard_of(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("allcore.experiments.status_logger.time.monotonic", lambda: clock[0])
    folder = RunFolder(tmp_path / "run")
    with folder:
        logger = StatusLogger(folder, 50)
        logger.progress(50, 50, 1.0)
        folder.status_file.unlink()
        logger.evaluating(1, 9, 50)
        assert not folder.status_file.exists()  # too early
        clock[0] += 1.0
        logger.evaluating(2, 9, 50)
        assert folder.read_status()["state"] == "running"
