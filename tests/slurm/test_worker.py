"""A task's process, without Slurm around it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from all_slurm import slurm, worker
from all_slurm.array import ArrayExecutor
from all_slurm.worker import MOST_STARTS, _note_start
from allcore.executors.submissions import write_submission
from allcore.executors.worker import mark_failed
from allcore.experiments.run_folder import RunFolder


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

    def test_a_half_written_start_is_passed_over(self, tmp_path: Path):
        (tmp_path / "slurm-starts.jsonl").write_text('{"submission": "x", "fra\n[]\n')
        assert _note_start(RunFolder(tmp_path))


class TestWorker:
    @pytest.fixture
    def task(self, specs, programs, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(slurm, "REQUEUE_PAUSE", 0.0)
        for name, value in {"JOB_ID": "77", "ARRAY_JOB_ID": "77", "ARRAY_TASK_ID": "1"}.items():
            monkeypatch.setenv(f"SLURM_{name}", value)
        outcomes = ArrayExecutor("runs").submit(specs(2))
        (place,) = tmp_path.glob("runs/slurm/*")
        return RunFolder(outcomes[1].folder.resolve()), lambda: worker.main([str(place), "1"])

    def test_it_is_queued_again_by_its_own_id_and_not_by_that_of_the_whole_array(
        self, calls, task, tmp_path: Path
    ):
        worker._queue_again(task[0])
        assert calls("scontrol")[-1] == "scontrol requeue 77_1"

    def test_a_controller_that_is_busy_is_asked_again(self, calls, task, programs, tmp_path: Path, capsys):
        programs(
            scontrol=f"[ -e {tmp_path}/asked ] || {{ touch {tmp_path}/asked; echo 'Socket timed out' >&2; exit 1; }}"
        )
        assert worker._queue_again(task[0]) == worker.QUEUED_AGAIN
        assert len([call for call in calls("scontrol") if "requeue" in call]) == 2
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

    @pytest.mark.parametrize("text", [None, "{", "{}", '{"runs": []}'])
    def test_a_submission_without_its_list_is_one_message(self, text, tmp_path: Path, capsys):
        if text is not None:
            (tmp_path / "submission.json").write_text(text)
        assert worker.main([str(tmp_path), "0"]) == 1
        assert "does not say what task 0 is to run" in capsys.readouterr().err
