"""What is asked of Slurm, and what follows from its answers; the programs are written for the test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from all_slurm import SlurmExperiment, slurm, worker
from all_slurm.array import ArrayExecutor
from all_slurm.resources import Resources, seconds_of
from all_slurm.submission import script, submission_of
from all_slurm.worker import MOST_STARTS, _note_start
from allcore.environments import GymEnvironment
from allcore.errors import SpecError, UnknownKeyError, UsageError
from allcore.executors import Standing
from allcore.executors.submissions import read_submission, write_submission
from allcore.executors.worker import mark_failed
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.runs import find_runs
from allcore.experiments.setup import canonical
from allcore.experiments.spec import RunSpec


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write Slurm's programs: each notes its arguments in `calls`, then does what the test says."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def write(**scripts: str) -> None:
        for name, body in scripts.items():
            (folder / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\n{body}\n')
            (folder / name).chmod(0o755)

    write(sbatch="echo 77", squeue="", scontrol="echo MaxArraySize = 1001", sacct="exit 1", scancel="")
    return write


def _calls(tmp_path: Path, program: str) -> list[str]:
    lines = (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
    return [line for line in lines if line.split()[0] == program]


def _specs(count: int, **more: object) -> list[RunSpec]:
    fields = {"preset": "classic.dqn", "environment": "CartPole-v1", "frames": 100, **more}
    one = canonical(RunSpec(**fields))  # type: ignore[arg-type]
    return [RunSpec(**{**vars(one), "seed": seed}) for seed in range(count)]


class TestResources:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("90", 5400),
            ("90:30", 5430),
            ("4:00:00", 14400),
            ("2-12", 216_000),
            ("1-0:30", 88_200),
            ("1-1:1:1", 90_061),
            ("UNLIMITED", None),
        ],
    )
    def test_time_limits_are_read_as_sbatch_reads_them(self, text, seconds):
        assert seconds_of(text) == seconds

    @pytest.mark.parametrize("text", ["", "4h", "1:2:3:4", "-5"])
    def test_what_is_no_time_limit(self, text):
        with pytest.raises(UsageError, match="slurm.time is"):
            seconds_of(text)

    def test_a_limit_that_leaves_no_time(self):
        with pytest.raises(UsageError, match="leaves no time"):
            Resources(time="2", grace=120)

    def test_options(self):
        asked = Resources(
            partition="a,b",
            time="4:00:00",
            cpus=3,
            memory="8G",
            account="x",
            sbatch=("--qos=long --exclusive",),
        )
        assert asked.options(on_gpu=False) == [
            *("--partition=a,b", "--time=4:00:00", "--cpus-per-task=3", "--mem=8G", "--account=x"),
            *("--signal=B:USR1@120", "--qos=long", "--exclusive"),
        ]

    @pytest.mark.parametrize(
        "option",
        [
            "--job-name=x",
            "--array 0-1",
            "--arr=0-1",
            "-J x",
            "-a0",
            "-o x",
            "--output=x",
            "--no-requeue",
            "--signal=INT",
            "--wrap=x",
            "--",
        ],
    )
    def test_an_option_that_is_ours_is_refused(self, option):
        with pytest.raises(UsageError, match=r"slurm\.sbatch names -.*, which is given by us") as caught:
            Resources(sbatch=("--qos=long", option))
        assert "\n" not in caught.value.message

    def test_options_that_are_not_ours_are_given_on(self):
        theirs = ("--nodelist=n1 --cpus-per-task=4", "-e x", "--comment='-o is not meant'", "--gres gpu:1")
        assert Resources(sbatch=theirs).options(on_gpu=False)[1:] == [
            *("--nodelist=n1", "--cpus-per-task=4", "-e", "x", "--comment=-o is not meant", "--gres", "gpu:1")
        ]

    def test_a_quotation_without_end(self, programs):
        with pytest.raises(UsageError, match="slurm.sbatch cannot be read: No closing quotation"):
            ArrayExecutor("runs", settings={"sbatch": "--comment='x"}).submit(_specs(1))
        assert not Path("runs").exists()

    def test_a_run_on_a_gpu_gets_one_unless_the_user_says_otherwise(self):
        assert "--gpus=1" in Resources().options(on_gpu=True)
        assert "--gpus=2" in Resources(gpus=2).options(on_gpu=True)
        assert not any("gpus" in option for option in Resources(gpus=0).options(on_gpu=True))


class TestSubmission:
    def test_all_of_a_series_is_one_call(self, programs, tmp_path: Path, monkeypatch):
        monkeypatch.setenv("ALL_SLURM_PARTITION", "day")
        outcomes = ArrayExecutor("runs", jobs=3, settings={"time": "1:00:00"}).submit(_specs(5))
        assert [outcome.state for outcome in outcomes] == ["submitted"] * 5
        (call,) = _calls(tmp_path, "sbatch")
        for part in ("--array=0-4%3", "--partition=day", "--time=1:00:00", "--requeue", "--open-mode=append"):
            assert part in call
        for index, outcome in enumerate(outcomes):
            record = read_submission(outcome.folder)
            assert (record["executor"], record["index"]) == ("slurm.array", index)
            assert submission_of(outcome.folder).task == f"77_{index}"
        runs = json.loads(Path(record["folder"], "submission.json").read_text())["runs"]
        assert runs == [str(outcome.folder.resolve()) for outcome in outcomes]

    def test_more_than_an_array_may_have_are_several(self, programs, tmp_path: Path):
        programs(scontrol="echo MaxArraySize = 2")
        ArrayExecutor("runs").submit(_specs(5))
        assert [call.split("--array=")[1].split()[0] for call in _calls(tmp_path, "sbatch")] == [
            "0-1",
            "0-1",
            "0-0",
        ]

    def test_the_script_says_nothing_but_where_and_what(self, programs, tmp_path: Path):
        own = _specs(1, hyperparameters={"features": "json:loads"}, plugin_files=("/p q.py",))
        ArrayExecutor("runs", settings={"setup": "module load cuda"}).submit(own)
        (script,) = tmp_path.glob("runs/slurm/*/job.sh")
        lines = script.read_text().splitlines()
        assert lines[1].startswith("trap '' USR1 #")
        assert (lines[0], *lines[2:4]) == ("#!/bin/bash", f"cd {tmp_path} || exit 1", "module load cuda")
        assert lines[-1].startswith(
            f"exec {sys.executable} -m all_slurm.worker --plugin '/p q.py' --trust json "
        )
        assert lines[-1].endswith('"$SLURM_ARRAY_TASK_ID"')
        assert subprocess.run(["bash", "-n", str(script)], check=True).returncode == 0

    def test_a_warning_during_the_setup_does_not_end_the_job(self, tmp_path: Path, monkeypatch):
        monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "0")
        lines = script(tmp_path, ["kill -USR1 $$", "echo alive"], [])
        done = subprocess.run(["bash", "-c", lines], capture_output=True, text=True, check=False)
        assert (done.stdout, done.returncode) == ("alive\n", 1)
        assert "does not say what task 0 is to run" in done.stderr

    def test_the_list_of_runs_is_on_the_disk_before_slurm_hears_of_it(self, programs, tmp_path, monkeypatch):
        synced: list[int] = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))

        def sbatch(_):
            (listed,) = tmp_path.glob("runs/slurm/*/submission.json")
            assert listed.stat().st_ino in synced
            return "77"

        monkeypatch.setattr(slurm, "sbatch", sbatch)
        ArrayExecutor("runs").submit(_specs(1))

    def test_what_is_refused_leaves_nothing(self, programs, tmp_path: Path):
        programs(sbatch="echo 'sbatch: error: invalid partition specified: x' >&2; exit 1")
        with pytest.raises(slurm.SlurmError, match="sbatch: invalid partition specified: x"):
            ArrayExecutor("runs").submit(_specs(2))
        assert find_runs("runs") == []
        assert not list(Path("runs").glob("slurm/*"))

    def test_an_answer_that_was_lost_is_looked_for(self, programs, tmp_path: Path):
        programs(
            sbatch="echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1",
            squeue='for a in "$@"; do case $a in --name=*) n=${a#--name=};; esac; done\n'
            '[ -e answered ] && echo "$n|0|91_0|PENDING|(None)"; touch answered',
        )
        Path("answered").touch()
        (outcome,) = ArrayExecutor("runs").submit(_specs(1))
        assert submission_of(outcome.folder).job == "91"

    def test_an_answer_that_stays_lost_leaves_the_name_and_the_next_command_submits(
        self, programs, tmp_path: Path
    ):
        programs(sbatch="echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1")
        with pytest.raises(slurm.NoAnswerError, match="is not known"):
            ArrayExecutor("runs").submit(_specs(1))
        (run,) = find_runs("runs")
        first = read_submission(run.path)["name"]
        programs(sbatch="echo 78")
        (outcome,) = ArrayExecutor("runs").submit(_specs(1))
        assert submission_of(outcome.folder).job == "78"
        assert any(first in call for call in _calls(tmp_path, "squeue"))

    def test_what_is_queued_is_not_submitted_again(self, programs, tmp_path: Path):
        (outcome,) = ArrayExecutor("runs").submit(_specs(1))
        name = read_submission(outcome.folder)["name"]
        programs(squeue=f'echo "{name}|0|77_0|PENDING|(Priority)"')
        (again,) = ArrayExecutor("runs").submit(_specs(1))
        assert (again.state, again.message) == ("submitted", "queued already, job 77_0")
        assert len(_calls(tmp_path, "sbatch")) == 1

    def test_while_slurm_is_silent_nothing_is_submitted(self, programs, tmp_path: Path):
        ArrayExecutor("runs").submit(_specs(1))
        programs(squeue="echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
        with pytest.raises(slurm.NoAnswerError, match="Unable to contact"):
            ArrayExecutor("runs").submit(_specs(2))
        assert len(_calls(tmp_path, "sbatch")) == 1

    def test_no_slurm_here(self, tmp_path: Path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(slurm.SlurmError, match="There is no Slurm on this machine"):
            ArrayExecutor("runs").submit(_specs(1))
        assert not Path("runs").exists()

    def test_a_screen_is_refused(self, programs):
        with pytest.raises(UsageError, match="--render"):
            ArrayExecutor("runs", render=True).submit(_specs(1))


class TestStandings:
    def test_a_job_is_known_by_its_name_and_not_by_its_id(self, programs, tmp_path: Path):
        folders = [tmp_path / name for name in "abcd"]
        for index, folder in enumerate(folders):
            folder.mkdir()
            write_submission(
                folder,
                {"executor": "slurm.array", "name": "all-x", "index": index, "folder": str(tmp_path)},
            )
        (tmp_path / "job").write_text("5\n")
        programs(
            squeue='echo "all-x|0|5_0|PENDING|(Resources)"; echo "all-x|1|5_1|RUNNING|n1"; echo "other|2|5_2|RUNNING|n1"',
            sacct='[ "$1" = --completion ] && printf "5_3|PREEMPTED\\n5_3|NODE_FAIL\\n5_3.batch|CANCELLED by 0\\n"',
        )
        assert ArrayExecutor().standings(folders) == {
            folders[0]: Standing("queued", "pending, Resources"),
            folders[1]: Standing("running", "running, n1"),
            folders[2]: Standing("gone", ""),
            folders[3]: Standing("gone", "node_fail"),
        }

    def test_what_the_user_likes_to_see_hides_nothing(self, programs, monkeypatch):
        monkeypatch.setenv("SQUEUE_STATES", "RUNNING")
        programs(squeue='[ -z "$SQUEUE_STATES" ] && echo "all-x|0|5_0|PENDING|(None)"')
        assert [task.state for task in slurm.tasks(["all-x"])] == ["PENDING"]

    def test_no_answer_is_no_answer(self, programs, tmp_path: Path):
        write_submission(tmp_path, {"executor": "slurm.array", "name": "all-x", "index": 0, "folder": "x"})
        programs(squeue="exit 1")
        assert ArrayExecutor().standings([tmp_path]) == {tmp_path: Standing("unknown", "squeue: exit code 1")}

    def test_cancelling_marks_the_run_first_and_only_a_running_job_loses_its_requeue(
        self, programs, tmp_path: Path
    ):
        folders = [tmp_path / "a", tmp_path / "b"]
        for index, folder in enumerate(folders):
            folder.mkdir()
            write_submission(
                folder, {"executor": "slurm.array", "name": "all-x", "index": index, "folder": "x"}
            )
        programs(
            squeue='echo "all-x|0|5_0|PENDING|(None)"; echo "all-x|1|5_1|RUNNING|n1"; echo "all-x|2|5_2|RUNNING|n1"'
        )
        ArrayExecutor().cancel(folders)
        assert all((folder / "cancelled").exists() for folder in folders)
        assert _calls(tmp_path, "scontrol") == ["scontrol update jobid=5_1 requeue=0"]
        assert _calls(tmp_path, "scancel") == ["scancel 5_0 5_1"]


class TestStarts:
    def test_a_run_that_gets_no_further_is_given_up_until_it_is_submitted_again(self, tmp_path: Path):
        folder = RunFolder(tmp_path)
        write_submission(tmp_path, {"executor": "slurm.array", "name": "first", "index": 0, "folder": "x"})
        assert [_note_start(folder) for _ in range(MOST_STARTS + 1)] == [True] * MOST_STARTS + [False]
        folder.checkpoints.mkdir()
        (folder.checkpoints / "000000000300.safetensors").touch()
        assert _note_start(folder)
        for _ in range(MOST_STARTS - 1):
            _note_start(folder)
        assert not _note_start(folder)
        write_submission(tmp_path, {"executor": "slurm.array", "name": "second", "index": 0, "folder": "x"})
        assert _note_start(folder)


class TestWorker:
    """A task's process, without Slurm around it."""

    @pytest.fixture
    def task(self, programs, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(slurm, "REQUEUE_PAUSE", 0.0)
        for name, value in {"JOB_ID": "77", "ARRAY_JOB_ID": "77", "ARRAY_TASK_ID": "1"}.items():
            monkeypatch.setenv(f"SLURM_{name}", value)
        outcomes = ArrayExecutor("runs").submit(_specs(2))
        (place,) = tmp_path.glob("runs/slurm/*")
        return RunFolder(outcomes[1].folder.resolve()), lambda: worker.main([str(place), "1"])

    def test_it_is_queued_again_by_its_own_id_and_not_by_that_of_the_whole_array(self, task, tmp_path: Path):
        worker._queue_again(task[0])
        assert _calls(tmp_path, "scontrol")[-1] == "scontrol requeue 77_1"

    def test_a_controller_that_is_busy_is_asked_again(self, task, programs, tmp_path: Path, capsys):
        programs(
            scontrol=f"[ -e {tmp_path}/asked ] || {{ touch {tmp_path}/asked; echo 'Socket timed out' >&2; exit 1; }}"
        )
        assert worker._queue_again(task[0]) == worker.QUEUED_AGAIN
        assert len([call for call in _calls(tmp_path, "scontrol") if "requeue" in call]) == 2
        assert capsys.readouterr().err == "queued again: it goes on from frame 0\n"

    def test_a_controller_that_stays_silent_or_refuses_is_not_asked_for_ever(
        self, task, programs, tmp_path: Path, monkeypatch, capsys
    ):
        monkeypatch.setattr(slurm, "REQUEUE_PATIENCE", 0.0)
        for said in ("Socket timed out", "Job is not permitted to be requeued"):
            programs(scontrol=f"echo '{said}' >&2; exit 1")
            worker._queue_again(task[0])
            assert "the same command will: it goes on from frame 0" in capsys.readouterr().err

    def test_a_finished_run_stays_finished_however_often_it_is_begun(self, task):
        folder, begin = task
        with folder:
            folder.write_status("finished", frame=100, frames=100)
        for _ in range(MOST_STARTS + 1):
            assert begin() == 0
        assert not (folder.path / worker.STARTS).exists()
        mark_failed(folder, "no")
        assert folder.read_status()["state"] == "finished"

    def test_a_start_that_cannot_be_noted_is_one_line(self, task, capsys):
        folder, begin = task
        (folder.path / worker.STARTS).mkdir()
        assert begin() == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"failed: {folder.path / worker.STARTS} cannot be written: Is a directory.")

    def test_a_removed_folder_is_not_made_again(self, task, capsys):
        folder, begin = task
        shutil.rmtree(folder.path)
        assert begin() == 1
        assert "No such file or directory" in capsys.readouterr().err
        assert not folder.path.exists()


class TestFromPython:
    def test_presets_environments_and_seeds_are_combined(self, programs, tmp_path: Path):
        from all_agents.presets.classic import dqn, ppo

        submitted = SlurmExperiment(
            [dqn.hyperparameters(lr=3e-4), ppo],
            [GymEnvironment("CartPole-v1")],
            1e3,
            seeds=range(2),
            device="cuda",
            setup=["a", "b"],
        )
        assert [outcome.state for outcome in submitted.outcomes] == ["submitted"] * 4
        spec = submitted.outcomes[0].spec
        assert (spec.preset, spec.hyperparameters, spec.frames, spec.device) == (
            "classic.dqn",
            {"lr": 3e-4},
            1000,
            "cuda",
        )
        assert "--gpus=1" in _calls(tmp_path, "sbatch")[0]
        (script,) = tmp_path.glob("runs/slurm/*/job.sh")
        assert "\na\nb\n" in script.read_text()

    def test_a_setting_that_does_not_exist(self, programs):
        from all_agents.presets.classic import dqn

        with pytest.raises(UnknownKeyError, match="slurm.partition"):
            SlurmExperiment(dqn, GymEnvironment("CartPole-v1"), 100, partitio="x")

    def test_a_preset_that_no_other_process_finds_is_refused_with_what_to_do(self, programs, tmp_path: Path):
        from dataclasses import replace

        from all_agents.presets.classic import dqn

        with pytest.raises(SpecError, match=r"(?s)no plugin registered it.*my_module:.*--plugin FILE.py"):
            SlurmExperiment(replace(dqn, name="my.dqn"), GymEnvironment("CartPole-v1"), 100)
        assert _calls(tmp_path, "sbatch") == []


class TestDamage:
    @pytest.mark.parametrize(
        "text", ["{", "[]", '{"executor": "slurm.array", "name": ["x"], "index": 0, "folder": "x"}']
    )
    def test_a_damaged_submission_is_none(self, text, programs, tmp_path: Path):
        (tmp_path / "submission.json").write_text(text)
        assert ArrayExecutor().standings([tmp_path]) == {tmp_path: Standing("gone")}

    def test_a_half_written_start_is_passed_over(self, tmp_path: Path):
        (tmp_path / "slurm-starts.jsonl").write_text('{"submission": "x", "fra\n[]\n')
        assert _note_start(RunFolder(tmp_path))

    @pytest.mark.parametrize("text", [None, "{", "{}", '{"runs": []}'])
    def test_a_submission_without_its_list_is_one_message(self, text, tmp_path: Path, capsys):
        if text is not None:
            (tmp_path / "submission.json").write_text(text)
        assert worker.main([str(tmp_path), "0"]) == 1
        assert "does not say what task 0 is to run" in capsys.readouterr().err
