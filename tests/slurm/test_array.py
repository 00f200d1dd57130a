"""What is asked of Slurm, and what follows from its answers; the programs are written for the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium
import pytest

from all_slurm import SlurmExperiment, slurm
from all_slurm.array import ArrayExecutor
from all_slurm.submission import script, submission_of
from allcore.environments import GymEnvironment
from allcore.errors import SpecError, UnknownKeyError, UsageError
from allcore.executors import Standing
from allcore.executors.submissions import read_submission, write_submission
from allcore.experiments.runs import find_runs
from allcore.plugins import reset

PLUGIN = """
from dataclasses import replace

from allcore.plugins import PresetRecord, hookimpl


@hookimpl
def all_presets():
    yield PresetRecord(
        name="dqn",
        target=f"{__name__}:dqn",
        summary="as classic.dqn",
        agent="agents.dqn",
        domain="classic",
        default_frames=100,
    )


def __getattr__(name):
    if name != "dqn":
        raise AttributeError(name)
    from all_agents.presets.classic import dqn

    return replace(dqn, name="my_plugin.dqn")
"""


class TestSubmission:
    def test_all_of_a_series_is_one_call(self, specs, calls, programs, tmp_path: Path, monkeypatch):
        monkeypatch.setenv("ALL_SLURM_PARTITION", "day")
        outcomes = ArrayExecutor("runs", jobs=3, settings={"time": "1:00:00"}).submit(specs(5))
        assert [outcome.state for outcome in outcomes] == ["submitted"] * 5
        (call,) = calls("sbatch")
        for part in ("--array=0-4%3", "--partition=day", "--time=1:00:00", "--requeue", "--open-mode=append"):
            assert part in call
        for index, outcome in enumerate(outcomes):
            record = read_submission(outcome.folder)
            assert (record["executor"], record["index"]) == ("slurm.array", index)
            assert submission_of(outcome.folder).task == f"77_{index}"
        runs = json.loads(Path(record["folder"], "submission.json").read_text())["runs"]
        assert runs == [str(outcome.folder.resolve()) for outcome in outcomes]

    def test_more_than_an_array_may_have_are_several(self, specs, calls, programs, tmp_path: Path):
        programs(scontrol="echo MaxArraySize = 2")
        ArrayExecutor("runs").submit(specs(5))
        assert [call.split("--array=")[1].split()[0] for call in calls("sbatch")] == [
            "0-1",
            "0-1",
            "0-0",
        ]

    def test_the_script_says_nothing_but_where_and_what(self, specs, programs, tmp_path: Path):
        own = specs(1, hyperparameters={"features": "json:loads"}, plugin_files=("/p q.py",))
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

    def test_the_list_of_runs_is_on_the_disk_before_slurm_hears_of_it(
        self, specs, programs, tmp_path, monkeypatch
    ):
        synced: list[int] = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))

        def sbatch(_):
            (listed,) = tmp_path.glob("runs/slurm/*/submission.json")
            assert listed.stat().st_ino in synced
            return "77"

        monkeypatch.setattr(slurm, "sbatch", sbatch)
        ArrayExecutor("runs").submit(specs(1))

    def test_what_is_refused_leaves_nothing(self, specs, programs, tmp_path: Path):
        programs(sbatch="echo 'sbatch: error: invalid partition specified: x' >&2; exit 1")
        with pytest.raises(slurm.SlurmError, match="sbatch: invalid partition specified: x"):
            ArrayExecutor("runs").submit(specs(2))
        assert find_runs("runs") == []
        assert not list(Path("runs").glob("slurm/*"))

    def test_an_answer_that_was_lost_is_looked_for(self, specs, programs, tmp_path: Path):
        programs(
            sbatch="echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1",
            squeue='for a in "$@"; do case $a in --name=*) n=${a#--name=};; esac; done\n'
            '[ -e answered ] && echo "$n|0|91_0|PENDING|(None)"; touch answered',
        )
        Path("answered").touch()
        (outcome,) = ArrayExecutor("runs").submit(specs(1))
        assert submission_of(outcome.folder).job == "91"

    def test_an_answer_that_stays_lost_leaves_the_name_and_the_next_command_submits(
        self, specs, calls, programs, tmp_path: Path
    ):
        programs(sbatch="echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1")
        with pytest.raises(slurm.NoAnswerError, match="is not known"):
            ArrayExecutor("runs").submit(specs(1))
        (run,) = find_runs("runs")
        first = read_submission(run.path)["name"]
        programs(sbatch="echo 78")
        (outcome,) = ArrayExecutor("runs").submit(specs(1))
        assert submission_of(outcome.folder).job == "78"
        assert any(first in call for call in calls("squeue"))

    def test_what_is_queued_is_not_submitted_again(self, specs, calls, programs, tmp_path: Path):
        (outcome,) = ArrayExecutor("runs").submit(specs(1))
        name = read_submission(outcome.folder)["name"]
        programs(squeue=f'echo "{name}|0|77_0|PENDING|(Priority)"')
        (again,) = ArrayExecutor("runs").submit(specs(1))
        assert (again.state, again.message) == ("submitted", "queued already, job 77_0")
        assert len(calls("sbatch")) == 1

    def test_what_finishes_while_slurm_is_asked_is_not_submitted_again(
        self, specs, calls, programs, tmp_path: Path
    ):
        executor = ArrayExecutor()
        first = executor.submit(specs(2))
        status = first[1].folder / "status.json"
        programs(
            squeue=f"""echo '{{"state": "finished", "frame": 100, "frames": 100}}' > {status.resolve()}"""
        )
        second = executor.submit(specs(2))
        assert [outcome.state for outcome in second] == ["submitted", "already finished"]
        assert "--array=0-0" in calls("sbatch")[1]

    def test_while_slurm_is_silent_nothing_is_submitted(self, specs, calls, programs, tmp_path: Path):
        ArrayExecutor("runs").submit(specs(1))
        programs(squeue="echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
        with pytest.raises(slurm.NoAnswerError, match="Unable to contact"):
            ArrayExecutor("runs").submit(specs(2))
        assert len(calls("sbatch")) == 1

    def test_no_slurm_here(self, specs, tmp_path: Path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(slurm.SlurmError, match="There is no Slurm on this machine"):
            ArrayExecutor("runs").submit(specs(1))
        assert not Path("runs").exists()

    def test_a_screen_is_refused(self, specs, programs):
        with pytest.raises(UsageError, match="--render"):
            ArrayExecutor("runs", render=True).submit(specs(1))

    def test_a_quotation_without_end(self, specs, programs):
        with pytest.raises(UsageError, match="slurm.sbatch cannot be read: No closing quotation"):
            ArrayExecutor("runs", settings={"sbatch": "--comment='x"}).submit(specs(1))
        assert not Path("runs").exists()


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

    def test_of_very_many_jobs_slurm_is_asked_in_several_calls(self, calls, programs):
        programs(squeue="echo all-7\\|3\\|5_3\\|RUNNING\\|n1")
        tasks = slurm.tasks(f"all-20261123-000000-{number:06}" for number in range(4001))
        asked = [call.partition("--name=")[2].split()[0].split(",") for call in calls("squeue")]
        assert [len(names) for names in asked] == [2000, 2000, 1]
        assert len({name for names in asked for name in names}) == 4001
        assert {task.job for task in tasks} == {"5_3"}
        assert slurm.endings(f"{number}_0" for number in range(2001)) == {}

    def test_no_answer_is_no_answer(self, programs, tmp_path: Path):
        write_submission(tmp_path, {"executor": "slurm.array", "name": "all-x", "index": 0, "folder": "x"})
        programs(squeue="exit 1")
        assert ArrayExecutor().standings([tmp_path]) == {tmp_path: Standing("unknown", "squeue: exit code 1")}

    def test_cancelling_marks_the_run_first_and_only_a_running_job_loses_its_requeue(
        self, calls, programs, tmp_path: Path
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
        assert calls("scontrol") == ["scontrol update jobid=5_1 requeue=0"]
        assert calls("scancel") == ["scancel 5_0 5_1"]


class TestFromPython:
    def test_presets_environments_and_seeds_are_combined(self, calls, programs, tmp_path: Path):
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
        assert "--gpus=1" in calls("sbatch")[0]
        (script,) = tmp_path.glob("runs/slurm/*/job.sh")
        assert "\na\nb\n" in script.read_text()

    def test_a_setting_that_does_not_exist(self, programs):
        from all_agents.presets.classic import dqn

        with pytest.raises(UnknownKeyError, match="slurm.partition"):
            SlurmExperiment(dqn, GymEnvironment("CartPole-v1"), 100, partitio="x")

    def test_a_preset_of_a_plugin_file_is_found_here_and_named_to_the_workers(
        self, programs, tmp_path: Path, request
    ):
        from all_agents.presets.classic import dqn

        file = tmp_path / "my_plugin.py"
        file.write_text(PLUGIN)
        request.addfinalizer(reset)
        mine, env = replace(dqn, name="my_plugin.dqn"), GymEnvironment("CartPole-v1")
        submitted = SlurmExperiment(mine, env, 100, plugin_files=[file])
        assert [outcome.state for outcome in submitted.outcomes] == ["submitted"]
        (job,) = tmp_path.glob("runs/slurm/*/job.sh")
        assert f"--plugin {file}" in job.read_text()

    def test_the_device_is_the_preset_s_unless_another_is_named(self, programs, monkeypatch):
        from all_agents.presets.classic import dqn

        on_gpu = replace(dqn, _device="cuda")  # as on a machine that has one
        env = GymEnvironment("CartPole-v1")
        assert SlurmExperiment(on_gpu, env, 100).outcomes[0].spec.device == "cuda"
        assert SlurmExperiment(on_gpu, env, 100, device="cpu").outcomes[0].spec.device == "cpu"
        assert SlurmExperiment(dqn, env, 100).outcomes[0].spec.device == "cpu"

    def test_what_a_run_does_beside_computing(self, programs):
        from all_agents.presets.classic import dqn

        how = {"on_nan": "go-on", "checkpoint_seconds": 30, "checkpoint_frames": 1000}
        (outcome,) = SlurmExperiment(dqn, GymEnvironment("CartPole-v1"), 100, **how).outcomes
        assert {name: getattr(outcome.spec, name) for name in how} == how

    def test_an_object_with_wrappers_is_not_taken_for_the_environment_within(self, calls, programs):
        from all_agents.presets.classic import dqn

        wrapped = gymnasium.wrappers.ClipReward(gymnasium.make("CartPole-v1"), 0, 0.5)
        with pytest.raises(UsageError, match=r"ClipReward\(CartPole-v1\).*not found again by a name"):
            SlurmExperiment(dqn, GymEnvironment(wrapped), 100)
        assert calls("sbatch") == []

    def test_a_preset_that_no_other_process_finds_is_refused_with_what_to_do(
        self, calls, programs, tmp_path: Path
    ):
        from all_agents.presets.classic import dqn

        with pytest.raises(SpecError, match=r"(?s)no plugin registered it.*my_module:.*--plugin FILE.py"):
            SlurmExperiment(replace(dqn, name="my.dqn"), GymEnvironment("CartPole-v1"), 100)
        assert calls("sbatch") == []


class TestDamage:
    @pytest.mark.parametrize(
        "text", ["{", "[]", '{"executor": "slurm.array", "name": ["x"], "index": 0, "folder": "x"}']
    )
    def test_a_damaged_submission_is_none(self, text, programs, tmp_path: Path):
        (tmp_path / "submission.json").write_text(text)
        assert ArrayExecutor().standings([tmp_path]) == {tmp_path: Standing("gone")}
