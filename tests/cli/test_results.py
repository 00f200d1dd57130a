"""`all runs`, `evaluate`, `watch` and `plot`: on folders written by hand, and on one short run."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from allcore.cli.find_run import find_run
from allcore.cli.runs import duration
from allcore.errors import LogdirError
from allcore.experiments.run_folder import RunFolder


@pytest.fixture
def write_run():
    """Write the folder of a run as a run would leave it."""

    def write(env, seed, state="finished", frame=1000, **status):
        with RunFolder.of("runs", "robot.walk", env, f"seed{seed}-0a1b2c3d") as folder:
            spec = {"hyperparameters": {"lr": 0.5}}
            folder.write_run({"preset": "robot.walk", "env": env, "seed": seed, "frames": 2000, "spec": spec})
            folder.write_status(state, frame=frame, frames=2000, **status)
            for name in ("returns100", "evaluations"):
                (folder.path / f"{name}.csv").write_text("frame,mean\n500,-1\n1000,12.345\n")
        return folder

    return write


class TestRuns:
    def test_the_table(self, write_run, run_all):
        write_run("Valley", 0, frame=2000)
        write_run("Valley", 1, "failed", error="ValueError: the ground is too soft")
        write_run("Valley", 2, "interrupted", error="interrupted after 1,000 frames")
        lines = run_all("runs").stdout.splitlines()
        assert lines[0].split() == ["RUN", "STATE", "FRAMES", "OF", "RETURN", "EVALUATION", "NOTE"]
        finished = [
            "runs/robot.walk/Valley/seed0-0a1b2c3d",
            "finished",
            "2,000",
            "2,000",
            "100%",
            "12.3",
            "12.3",
        ]
        assert lines[1].split() == finished
        failed = ["runs/robot.walk/Valley/seed1-0a1b2c3d", "failed", "1,000", "2,000", "50%", "12.3", "12.3"]
        assert lines[2].split()[:7] == failed
        assert lines[2].endswith("ValueError: the ground is too soft")
        assert lines[3].split()[1] == "interrupted"
        assert lines[3].endswith("12.3")

    def test_a_running_run_says_what_is_left(self, write_run, run_all):
        folder = write_run("Valley", 0)
        with folder:
            folder.write_status("running", frame=1000, frames=2000, seconds_left=125.0)
            assert run_all("runs").stdout.splitlines()[1].endswith("2 min 05 s left")

    def test_json(self, write_run, run_all):
        write_run("Valley", 3)
        (run,) = json.loads(run_all("runs", "--json").stdout)
        assert run["path"] == "runs/robot.walk/Valley/seed3-0a1b2c3d"
        assert (run["seed"], run["evaluation"], run["overrides"]) == (3, 12.345, {"lr": 0.5})

    def test_before_the_first_run(self, run_all):
        result = run_all("runs")
        assert result.exit_code == 0
        assert result.stdout.startswith("No runs in runs.")
        assert json.loads(run_all("runs", "--json").stdout) == []

    def test_a_folder_that_does_not_exist(self, run_all):
        result = run_all("runs", "nowhere")
        assert result.exit_code == 2
        assert "nowhere" in result.stderr

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0.4, "0 s"),
            (59.6, "1 min 00 s"),
            (125, "2 min 05 s"),
            (3600, "1 h 00 min"),
            (90061, "25 h 01 min"),
            (None, None),
            (float("inf"), None),
        ],
    )
    def test_durations(self, seconds, text):
        assert duration(seconds) == text


class TestFindingARun:
    @pytest.fixture(autouse=True)
    def _three_runs(self, write_run):
        for env, seed in (("Valley", 0), ("Valley", 1), ("Plain", 0)):
            write_run(env, seed)

    @pytest.mark.parametrize(
        "text",
        [
            "runs/robot.walk/Plain/seed0-0a1b2c3d",
            "runs/robot.walk/Plain",
            "Plain",
            "Plain/seed0",
            "robot.walk/Plain",
        ],
    )
    def test_by_folder_or_part_of_its_name(self, text):
        assert str(find_run(text, "runs")) == "runs/robot.walk/Plain/seed0-0a1b2c3d"

    @pytest.mark.parametrize(("text", "count"), [("Valley", 2), ("seed", 3), ("seed0", 2), ("runs", 3)])
    def test_several_are_listed(self, text, count):
        with pytest.raises(LogdirError, match=f"name of {count} runs") as error:
            find_run(text, "runs")
        assert error.value.hint.count("0a1b2c3d") == count

    def test_none_lists_those_that_there_are(self):
        with pytest.raises(LogdirError, match="no run 'Hill' in runs") as error:
            find_run("Hill", "runs")
        assert error.value.hint.count("0a1b2c3d") == 3

    def test_in_another_log_folder(self, tmp_path):
        (tmp_path / "runs").rename(tmp_path / "old")
        assert str(find_run("Plain", "old")).startswith("old/")
        with pytest.raises(LogdirError, match="'all run --help'|no run"):
            find_run("Plain", "runs")

    @pytest.mark.parametrize("command", ["evaluate", "watch"])
    def test_the_commands_say_so(self, command, run_all):
        result = run_all(command, "Valley")
        assert result.exit_code == 2
        assert "seed1-0a1b2c3d" in result.stderr


def test_a_short_run_from_beginning_to_end(run_all, tmp_path, monkeypatch):
    """What a new user does, in one process: run, look at it, and run it again."""
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    command = [
        "run",
        "--preset",
        "classic.dqn",
        "--env",
        "CartPole-v1",
        "--frames",
        "400",
        "--test-episodes",
        "2",
    ]
    command += ["--set", "replay_start_size=100", "--env-set", "max_episode_steps=30"]
    result = run_all(*command)
    assert result.exit_code == 0, result.stderr
    folder = result.stdout.splitlines()[0].removeprefix("Finished: ")

    (run,) = json.loads(run_all("runs", "--json").stdout)
    assert (run["path"], run["state"], run["frame"]) == (folder, "finished", 400)

    evaluation = json.loads(run_all("evaluate", "CartPole", "--episodes", "2", "--json").stdout)
    assert evaluation["mean"] == run["evaluation"]
    assert "  mean return " in run_all("evaluate", folder, "--episodes", "1").stdout

    assert run_all("watch", "CartPole").stdout == f"Wrote {folder}/video.mp4\n"
    assert run_all("watch", folder, "--video", "here.mp4", "--fps", "60").stdout == "Wrote here.mp4\n"
    assert (tmp_path / "here.mp4").stat().st_size > 1000

    assert run_all("plot").stdout == "Wrote runs/returns100.png\n"
    assert run_all("plot", "runs", "--out", "plot.svg").stdout == "Wrote plot.svg\n"
    assert run_all("plot", "runs", "--out", "plot.txt").exit_code == 2

    assert run_all(*command).stdout.startswith(f"Already finished: {folder}\n")
    assert run_all(*command, "--fresh").stdout.startswith(f"Finished: {folder}.2\n")


def test_ctrl_c_ends_a_run_cleanly(run_all):
    command = [sys.executable, "-m", "allcore", "run", "--preset", "classic.dqn", "--env", "CartPole-v1"]
    # A shell starts jobs in the background with Ctrl-C ignored, and a child inherits that: so may these tests be running.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*command, "--frames", "1M"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    try:
        deadline = time.monotonic() + 60
        while not list(Path("runs").glob("*/*/*/episodes.csv")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Interrupted: runs/classic.dqn/CartPole-v1/seed0-" in errors
    assert "all watch runs/classic.dqn/CartPole-v1/seed0-" in output
    (run,) = json.loads(run_all("runs", "--json").stdout)
    assert run["state"] == "interrupted"
    assert {"preset.safetensors", "episodes.csv"} <= {p.name for p in Path(run["path"]).iterdir()}
    assert f"all resume {run['path']}" in output
    assert list(Path(run["path"]).glob("checkpoints/*.safetensors"))


def test_nothing_to_plot(run_all, tmp_path):
    (tmp_path / "runs").mkdir()
    for arguments in (["plot"], ["plot", "nowhere"]):
        result = run_all(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
    assert list((tmp_path / "runs").iterdir()) == []
