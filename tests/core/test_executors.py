"""Runs in several processes: what a worker does, and what becomes of the series."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from allcore.errors import LogdirError, SpecError
from allcore.executors import LocalExecutor, Standing
from allcore.executors.processes import Processes
from allcore.executors.standings import ask
from allcore.executors.submissions import SUBMISSION, prepare, read_submission, write_submission
from allcore.executors.worker import command_line, main
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.runs import read_run
from allcore.experiments.setup import canonical
from allcore.experiments.spec import RunSpec


def _spec(seed: int = 0, frames: int = 300, **more: object) -> RunSpec:
    return canonical(
        RunSpec(
            preset="classic.dqn",
            environment="CartPole-v1",
            frames=frames,
            seed=seed,
            test_episodes=2,
            loggers=("core.csv",),
            hyperparameters={"replay_start_size": 50},
            **more,  # type: ignore[arg-type]
        )
    )


def _bytes(folder: Path) -> dict[str, bytes]:
    names = ("episodes.csv", "evaluations.csv", "preset.safetensors")
    return {name: (folder / name).read_bytes() for name in names}


def _wait(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


class TestPrepare:
    def test_a_folder_says_all_that_a_worker_needs(self, tmp_path: Path) -> None:
        spec = _spec()
        (folder,) = prepare([spec], tmp_path, fresh=False)
        assert folder.path == RunFolder.of(tmp_path, "classic.dqn", "CartPole-v1", spec.run_name).path
        assert RunSpec.from_json(folder.read_run()["spec"]) == spec
        run = read_run(folder.path)
        assert run is not None
        assert (run.state, run.frame, run.frames) == ("submitted", 0, 300)

    def test_what_is_there_is_left_alone_unless_it_is_to_be_fresh(self, tmp_path: Path) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        folder.status_file.write_text('{"state": "interrupted", "frame": 7, "frames": 300}')
        (again,) = prepare([_spec()], tmp_path, fresh=False)
        assert again.path == folder.path
        assert again.read_status()["frame"] == 7
        (fresh,) = prepare([_spec()], tmp_path, fresh=True)
        assert fresh.path.name == f"{folder.path.name}.2"

    def test_what_is_outside_a_run_s_identity_is_as_it_was_asked_for_last(self, tmp_path: Path) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        folder.write_run({**folder.read_run(), "continued": ["kept"]})
        asked = _spec(on_nan="go-on", checkpoint_frames=7)
        (again,) = prepare([asked], tmp_path, fresh=False)
        assert again.path == folder.path
        assert RunSpec.from_json(again.read_run()["spec"]) == asked
        assert again.read_run()["continued"] == ["kept"]
        with folder:  # of a run that somebody is at, it stays
            prepare([_spec()], tmp_path, fresh=False)
            assert RunSpec.from_json(again.read_run()["spec"]) == asked

    def test_checkpoints_that_a_killed_process_left_in_a_finished_run_go(self, tmp_path: Path) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        folder.checkpoints.mkdir()
        left = [
            folder.checkpoints / name
            for name in ("000000000300.safetensors", "rows-000000000300.safetensors")
        ]
        for state in ("running", "finished"):
            for path in left:
                path.touch()
            folder.write_status(state, frame=300, frames=300)
            prepare([_spec()], tmp_path, fresh=False)
            assert [path.exists() for path in left] == [state == "running"] * 2


class TestWorker:
    def test_it_is_the_run_that_this_process_would_have_made(self, tmp_path: Path) -> None:
        LocalExecutor(tmp_path / "here", quiet=True).submit([_spec()])
        (folder,) = prepare([_spec()], tmp_path / "there", fresh=False)
        assert main([str(folder.path)]) == 0
        here = tmp_path / "here" / folder.path.relative_to(tmp_path / "there")
        assert _bytes(here) == _bytes(folder.path)

    def test_a_failure_before_the_first_step_is_marked(self, tmp_path: Path, capsys) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        record = folder.read_run()
        record["spec"]["hyperparameters"] = {"learning_rat": 1}
        folder.run_file.write_text(json.dumps(record))
        assert main([str(folder.path)]) == 1
        assert "learning_rat" in capsys.readouterr().err
        assert folder.read_status()["state"] == "failed"
        assert "learning_rat" in folder.read_status()["error"]

    def test_a_bug_before_the_first_step_is_marked_too(self, tmp_path: Path, monkeypatch, capsys) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        monkeypatch.setattr("allcore.experiments.run.begin", lambda *_, **__: 1 / 0)
        assert main([str(folder.path)]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("failed: ZeroDivisionError: division by zero (see ")
        assert "Traceback" in (folder.path / "error.txt").read_text()
        run = read_run(folder.path)
        assert run is not None
        assert (run.state, run.error) == ("failed", line.removeprefix("failed: "))

    def test_a_removed_folder_is_not_made_again(self, tmp_path: Path, capsys) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        shutil.rmtree(folder.path)
        assert main([str(folder.path)]) == 1
        assert "does not say what is to be run" in capsys.readouterr().err
        assert not folder.path.exists()

    def test_a_folder_that_is_removed_under_way_is_not_made_again(self, tmp_path: Path, at_frame) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        with at_frame(200, lambda: shutil.rmtree(folder.path)):
            assert main([str(folder.path)]) == 1
        assert not folder.path.exists()

    def test_a_folder_that_took_its_place_is_left_alone(self, tmp_path: Path, at_frame) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)

        def replace() -> None:
            shutil.rmtree(folder.path)
            prepare([_spec()], tmp_path, fresh=False)

        with at_frame(200, replace):
            assert main([str(folder.path)]) == 1
        assert [path.name for path in folder.path.iterdir()] == ["run.json"]

    def test_a_checkpoint_that_cannot_be_read_is_a_failure_that_is_marked(self, tmp_path: Path) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        folder.checkpoints.mkdir()
        (folder.checkpoints / "000000000100.safetensors").touch()
        assert main([str(folder.path)]) == 1
        assert folder.read_status()["state"] == "failed"
        assert "Remove that folder" in folder.read_status()["error"]

    def test_a_module_that_nobody_named_on_the_command_line_is_not_imported(self, tmp_path: Path) -> None:
        (tmp_path / "planted.py").write_text("import pathlib\npathlib.Path('planted-was-here').touch()\n")
        (folder,) = prepare([_spec()], tmp_path / "runs", fresh=False)
        record = folder.read_run()
        record["spec"]["environment"] = "planted:make"
        folder.run_file.write_text(json.dumps(record))
        command = [sys.executable, "-m", "allcore.executors.worker", str(folder.path)]
        paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        done = subprocess.run(
            command,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert "names the module 'planted'" in done.stderr
        assert not (tmp_path / "planted-was-here").exists()

    def test_a_second_worker_on_a_folder_is_refused(self, tmp_path: Path, capsys) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        with folder:
            assert main([str(folder.path)]) == 2
        assert "Another process" in capsys.readouterr().err
        assert folder.read_status() == {}

    def test_what_the_user_named_is_named_to_the_worker(self) -> None:
        own = RunSpec(
            preset="classic.dqn",
            environment="gymnasium.envs.classic_control:CartPoleEnv",
            frames=10,
            hyperparameters={"features": "my_networks:features"},
            plugin_files=("/a/b.py",),
        )
        assert command_line([own, own, _spec()]) == [
            "--plugin",
            "/a/b.py",
            "--trust",
            "gymnasium.envs.classic_control",
            "--trust",
            "my_networks",
        ]


class TestSeries:
    @pytest.mark.parametrize("jobs", [None, 2])
    def test_a_run_that_cannot_begin_does_not_stop_the_others(self, jobs, tmp_path: Path) -> None:
        specs = [_spec(0), _spec(1)]
        path = RunFolder.of(tmp_path, "classic.dqn", "CartPole-v1", specs[0].run_name).path
        path.parent.mkdir(parents=True)
        path.touch()
        outcomes = LocalExecutor(tmp_path, quiet=True, jobs=jobs).submit(specs)
        assert [outcome.state for outcome in outcomes] == ["failed", "finished"]
        assert outcomes[0].folder == path
        assert f"The run's folder {path} cannot be written" in outcomes[0].message
        assert "\n" not in outcomes[0].message

    def test_of_a_single_run_it_is_an_error(self, tmp_path: Path) -> None:
        with (
            RunFolder(LocalExecutor(tmp_path, quiet=True).submit([_spec()])[0].folder),
            pytest.raises(LogdirError),
        ):
            LocalExecutor(tmp_path, quiet=True).submit([_spec()])

    def test_a_bug_of_one_does_not_stop_the_others_and_shows_its_traceback(
        self, tmp_path: Path, monkeypatch, capsys
    ) -> None:
        from allcore.experiments import run

        build = run.build
        monkeypatch.setattr(run, "build", lambda spec: build(spec) if spec.seed else 1 / 0)
        outcomes = LocalExecutor(tmp_path, quiet=True).submit([_spec(0), _spec(1)])
        assert [outcome.state for outcome in outcomes] == ["failed", "finished"]
        assert outcomes[0].message == "ZeroDivisionError: division by zero"
        assert "Traceback" in capsys.readouterr().err


class TestSeveralProcesses:
    def test_they_make_the_runs_that_one_process_makes(self, tmp_path: Path) -> None:
        specs = [_spec(seed) for seed in range(3)]
        one = LocalExecutor(tmp_path / "one", quiet=True).submit(specs)
        several = LocalExecutor(tmp_path / "several", quiet=True, jobs=2).submit(specs)
        assert [outcome.state for outcome in several] == ["finished"] * 3
        for a, b in zip(one, several, strict=True):
            assert a.folder.name == b.folder.name
            assert _bytes(a.folder) == _bytes(b.folder)
        again = LocalExecutor(tmp_path / "several", quiet=True, jobs=2).submit(specs)
        assert [outcome.state for outcome in again] == ["already finished"] * 3

    def test_one_that_fails_does_not_stop_the_others(self, tmp_path: Path) -> None:
        good, bad = _spec(0), _spec(1)
        bad = RunSpec(**{**vars(bad), "device": "cuda:99"})
        outcomes = LocalExecutor(tmp_path, quiet=True, jobs=2).submit([bad, good])
        assert [outcome.state for outcome in outcomes] == ["failed", "finished"]
        assert "cuda:99" in outcomes[0].message

    def test_a_folder_that_is_removed_under_way_costs_that_run_only(self, tmp_path: Path) -> None:
        specs = [_spec(0, frames=30_000), _spec(1)]
        lost = RunFolder.of(tmp_path, "classic.dqn", "CartPole-v1", specs[0].run_name)

        def remove() -> None:
            _wait(lambda: lost.read_status().get("frame", 0) > 100)
            shutil.rmtree(lost.path)

        thread = threading.Thread(target=remove)
        thread.start()
        outcomes = LocalExecutor(tmp_path, quiet=True, jobs=2).submit(specs)
        thread.join()
        assert [outcome.state for outcome in outcomes] == ["failed", "finished"]
        assert "output.txt cannot be read: No such file or directory" in outcomes[0].message

    def test_processes_share_the_processor_s_threads_unless_the_user_says_how_many(
        self, tmp_path: Path, monkeypatch
    ) -> None:
        processes = Processes(tmp_path, 4, fresh=False, quiet=True)
        monkeypatch.setattr("allcore.executors.processes.available_cores", lambda: 8)
        assert processes._environment()["OMP_NUM_THREADS"] == "1"  # as these tests say
        monkeypatch.delenv("OMP_NUM_THREADS")
        assert processes._environment()["OMP_NUM_THREADS"] == "2"
        monkeypatch.setattr("allcore.executors.processes.available_cores", lambda: 3)
        assert processes._environment()["OMP_NUM_THREADS"] == "1"

    def test_a_request_to_stop_reaches_all_and_the_same_command_goes_on(self, tmp_path: Path) -> None:
        specs = [_spec(seed, frames=6000) for seed in range(3)]
        file = tmp_path / "specs.json"
        file.write_text(json.dumps([spec.to_json() for spec in specs]))
        command = [sys.executable, "-m", "allcore", "run", "--spec", str(file), "--jobs", "2", "--quiet"]
        process = subprocess.Popen(
            [*command, "--logdir", str(tmp_path / "runs")], stderr=subprocess.PIPE, text=True
        )
        folders = [tmp_path / "runs" / "classic.dqn" / "CartPole-v1" / spec.run_name for spec in specs[:2]]
        _wait(lambda: all(RunFolder(folder).read_status().get("frame", 0) > 100 for folder in folders))
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
        assert process.returncode == 130
        assert errors.count("Interrupted: ") == 2
        assert all(RunFolder(folder).read_status()["state"] == "interrupted" for folder in folders)
        outcomes = LocalExecutor(tmp_path / "runs", quiet=True, jobs=2).submit(specs)
        assert [outcome.state for outcome in outcomes] == ["finished"] * 3
        LocalExecutor(tmp_path / "whole", quiet=True).submit(specs[:1])
        whole = tmp_path / "whole" / folders[0].relative_to(tmp_path / "runs")
        assert _bytes(folders[0]) == _bytes(whole)

    @pytest.mark.skipif(os.name == "nt", reason="Windows gives no new parent")
    def test_workers_stop_when_who_started_them_was_killed(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "allcore", "run", "--preset", "classic.dqn", "--env", "CartPole-v1"]
        command += ["--frames", "1m", "--seeds", "0-1", "--jobs", "2", "--logdir", str(tmp_path)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

        def states() -> list[str]:
            runs = [json.loads(path.read_text()) for path in tmp_path.glob("*/*/*/status.json")]
            return [run["state"] for run in runs if run.get("frame", 0) > 0]

        _wait(lambda: states() == ["running"] * 2)
        process.kill()
        process.wait()
        _wait(lambda: states() == ["interrupted"] * 2)
        assert len(list(tmp_path.glob("*/*/*/checkpoints/0*.safetensors"))) == 2

    def test_a_folder_that_cannot_be_written_is_a_failed_run_and_the_others_go_on(
        self, tmp_path: Path
    ) -> None:
        specs = [_spec(0), _spec(1)]
        (folder,) = prepare(specs[:1], tmp_path, fresh=False)
        (folder.path / "output.txt").mkdir()
        outcomes = LocalExecutor(tmp_path, quiet=True, jobs=2).submit(specs)
        assert [outcome.state for outcome in outcomes] == ["failed", "finished"]
        assert "output.txt cannot be written: Is a directory" in outcomes[0].message

    def test_what_no_process_could_find_is_found_out_before_any_begins(self, tmp_path: Path) -> None:
        lost = RunSpec(**{**vars(_spec(1)), "preset": "my.dqn"})
        with pytest.raises(SpecError, match="no plugin registered it"):
            LocalExecutor(tmp_path, quiet=True, jobs=2).submit([_spec(0), lost])
        assert list(tmp_path.iterdir()) == []

    def test_a_process_that_is_killed_is_a_failed_run(self, tmp_path: Path, monkeypatch) -> None:
        # Each worker kills itself: the first line that it reads is the site's.
        (tmp_path / "sitecustomize.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
        (outcome,) = LocalExecutor(tmp_path / "runs", quiet=True, jobs=2).submit([_spec()])
        assert outcome.state == "failed"
        assert "killed by signal 9" in outcome.message

    def test_a_process_that_is_asked_to_stop_before_it_listens_is_an_interrupted_run(
        self, tmp_path: Path, monkeypatch
    ) -> None:
        (tmp_path / "sitecustomize.py").write_text("import os\nos.kill(os.getpid(), 15)\n")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
        (outcome,) = LocalExecutor(tmp_path / "runs", quiet=True, jobs=2).submit([_spec()])
        assert (outcome.state, outcome.message) == ("interrupted", "interrupted after 0 frames")


class TestStandings:
    class Place:
        said = Standing("queued", "Priority")

        def standings(self, folders):
            return dict.fromkeys(folders, self.said)

    @pytest.fixture
    def place(self, monkeypatch):
        from allcore.executors import standings

        monkeypatch.setattr(standings, "registry", lambda: self)
        self.answer = self.Place()
        return self.answer

    def find(self, kind, key):
        assert (kind, key) == ("executors", "my.place")
        return key

    def load(self, entry):
        return lambda: self.answer

    @pytest.mark.parametrize(
        ("before", "said", "state", "note"),
        [
            ("submitted", Standing("queued", "Priority"), "queued", "Priority"),
            ("interrupted", Standing("queued"), "queued", ""),
            ("submitted", Standing("running"), "running", "is being started"),
            (
                "submitted",
                Standing("gone", "out of memory"),
                "interrupted",
                "not there any more: out of memory",
            ),
            ("submitted", Standing("unknown", "no answer"), "submitted", "no answer"),
            ("finished", Standing("gone"), "finished", None),
        ],
    )
    def test_what_the_place_says_completes_what_the_folder_says(
        self, before, said, state, note, place, tmp_path: Path
    ) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        if before != "submitted":
            folder.write_status(before, frame=0, frames=300)
        write_submission(folder.path, {"executor": "my.place"})
        place.said = said
        run = read_run(folder.path)
        assert run is not None
        (asked,) = ask([run])
        assert (asked.state, asked.note) == (state, note)

    def test_an_executor_that_is_not_installed_changes_nothing_but_the_note(self, tmp_path: Path) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        write_submission(folder.path, {"executor": "moon.base"})
        run = read_run(folder.path)
        assert run is not None
        (asked,) = ask([run])
        assert asked.state == "submitted"
        assert "moon.base" in (asked.note or "")

    def test_an_executor_with_a_bug_changes_nothing_but_the_note(self, place, tmp_path: Path) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        write_submission(folder.path, {"executor": "my.place"})
        place.standings = lambda folders: 1 / 0
        run = read_run(folder.path)
        assert run is not None
        (asked,) = ask([run])
        assert (asked.state, asked.note) == ("submitted", "my.place: ZeroDivisionError: division by zero")

    def test_a_torn_submission_is_none(self, tmp_path: Path) -> None:
        (tmp_path / SUBMISSION).write_text("{")
        assert read_submission(tmp_path) == {}

    def test_local_runs_are_told_by_their_locks(self, tmp_path: Path) -> None:
        (folder,) = prepare([_spec()], tmp_path, fresh=False)
        assert LocalExecutor().standings([folder.path]) == {folder.path: Standing("gone")}
        with RunFolder(folder.path):
            assert LocalExecutor().standings([folder.path]) == {folder.path: Standing("running")}
