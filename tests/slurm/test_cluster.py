"""Short real runs on a real cluster: each ends as it does without one, whatever Slurm does to it meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from allcore.experiments.runs import find_runs

from .conftest import Cluster, script, wait

pytestmark = pytest.mark.slurm

#: A run of the slow environment; some 2 s of computing, and `--frames` times the pause.
RUN = (
    *("run", "--preset", "classic.dqn", "--env", "slow_cartpole:make", "--test-episodes", "2"),
    *("--set", "replay_start_size=100", "--logger", "core.jsonl", "--checkpoint-every", "100"),
)
CLUSTER = ("--executor", "slurm.array", "--executor-set", "grace=10", "--executor-set", "cpus=1")


def _submit(
    cluster: Cluster, folder: Path, *more: str, pause: float = 0.0
) -> subprocess.CompletedProcess[str]:
    done = cluster.all(*RUN, *CLUSTER, *more, folder=folder, pause=pause)
    assert done.returncode == 0, done.stderr
    return done


def _states(folder: Path) -> list[str]:
    return [run.state for run in find_runs(folder / "runs")]


def _frame(folder: Path) -> int:
    """The smallest frame of all runs that have begun."""
    return min((run.frame for run in find_runs(folder / "runs")), default=0)


def _finished(folder: Path) -> bool:
    return set(_states(folder)) == {"finished"}


def _logs(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.glob("runs/slurm/*/*.out")))


def _starts(folder: Path) -> list[dict[str, object]]:
    files = folder.glob("runs/*/*/*/slurm-starts.jsonl")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def _starts_of_task(folder: Path, index: int) -> list[dict[str, object]]:
    (file,) = folder.glob("runs/slurm/*/submission.json")
    run = Path(json.loads(file.read_text())["runs"][index])
    return [json.loads(line) for line in (run / "slurm-starts.jsonl").read_text().splitlines()]


def _check_equal(cluster: Cluster, folder: Path, *more: str) -> None:
    """The runs are what the same command makes on this machine, with no pause and no interruption."""
    done = cluster.all(*RUN, *more, "--logdir", "alone", "--quiet", folder=folder)
    assert done.returncode == 0, done.stderr
    alone = find_runs(folder / "alone")
    assert alone
    for run in alone:
        other = folder / "runs" / run.path.relative_to(folder / "alone")
        evaluated = ("evaluations.csv",) if "--test-episodes" not in more else ()
        for name in ("episodes.csv", "preset.safetensors", *evaluated):
            assert (other / name).read_bytes() == (run.path / name).read_bytes(), (
                f"{name} differs\n{_logs(folder)}"
            )


def _running_pid(folder: Path) -> int:
    (path,) = folder.glob("runs/*/*/*/status.json")
    return int(json.loads(path.read_text())["pid"])


def test_a_series_is_one_array_and_ends_as_without_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    series = ("--frames", "400", "--seeds", "0-3")
    done = _submit(cluster, tmp_path, *series, "--jobs", "2", pause=0.04)
    assert done.stdout.count("Submitted: ") == 4
    assert len(list(tmp_path.glob("runs/slurm/*"))) == 1
    listed = cluster.all("runs", "--json", folder=tmp_path)
    states = [run["state"] for run in json.loads(listed.stdout)]
    assert set(states) <= {"queued", "running", "finished"}
    assert "queued" in states  # two at once, no more
    again = _submit(cluster, tmp_path, *series)
    assert "queued already" in again.stdout
    most = 0

    def all_done() -> bool:
        nonlocal most
        most = max(most, len(cluster.slurm("squeue", "-h", "-t", "RUNNING").split("\n")) - 1)
        return _finished(tmp_path)

    wait(all_done, 300, "the end of the series")
    assert 1 <= most <= 2
    _check_equal(cluster, tmp_path, *series)
    assert "already finished" in _submit(cluster, tmp_path, *series).stdout.lower()
    assert len(list(tmp_path.glob("runs/slurm/*"))) == 1
    logs = cluster.all("slurm", "logs", "seed2", folder=tmp_path)
    assert "finished" in logs.stdout


def test_the_time_limit_is_crossed_by_each_task_for_itself(cluster: Cluster, tmp_path: Path) -> None:
    # An evaluation takes as long as what is left, and is not gone on with.
    run = ("--frames", "900", "--seeds", "0-2", "--test-episodes", "0")
    _submit(cluster, tmp_path, *run, "--executor-set", "time=2", pause=0.13)
    # Slurm looks at its clock every 30 s only, so that of each two minutes 80 to 110 s are left.
    wait(lambda: _finished(tmp_path), 600, "the end of runs that are longer than their time limit")
    for index, log in enumerate(sorted(tmp_path.glob("runs/slurm/*/*.out"))):
        starts = _starts_of_task(tmp_path, index)
        assert len(starts) >= 2
        assert all(start["frame"] for start in starts[1:])
        # A task that another one queues again is killed by that: it would have begun once more than it asked for.
        assert log.read_text().count("queued again: it goes on") == len(starts) - 1
    _check_equal(cluster, tmp_path, *run)


def test_a_task_that_is_queued_again_leaves_its_siblings_alone(cluster: Cluster, tmp_path: Path) -> None:
    run = ("--frames", "800", "--seeds", "0-2")
    _submit(cluster, tmp_path, *run, pause=0.03)
    wait(lambda: len(_starts(tmp_path)) == 3 and _frame(tmp_path) > 100, what="the beginning of all")
    # Of one task the id is the whole array's.
    tasks = [line.split() for line in cluster.slurm("squeue", "-h", "-o", "%A %F %K").splitlines()]
    ((array, index),) = [(array, index) for job, array, index in tasks if job == array]
    cluster.slurm("scancel", "--batch", "--signal=USR1", f"{array}_{index}")
    wait(lambda: _finished(tmp_path), 300, "the end")
    begun = [len(_starts_of_task(tmp_path, each)) for each in range(3)]
    assert begun == [2 if each == int(index) else 1 for each in range(3)]
    _check_equal(cluster, tmp_path, *run)


def _preempt(cluster: Cluster, folder: Path) -> None:
    """A run on the second node makes room for a job of the higher partition, and comes back."""
    whole = ("--nodelist=n2", "--cpus-per-task=4")
    setting = f"sbatch={' '.join(whole)}"
    _submit(cluster, folder, "--frames", "600", "--executor-set", setting, pause=0.03)
    wait(lambda: _frame(folder) > 100, what="the beginning")
    cluster.slurm("sbatch", "--partition=high", *whole, "--output=/dev/null", "--wrap=sleep 2")
    wait(lambda: _finished(folder), 300, "the end of a run that was preempted")
    assert len(_starts(folder)) == 2
    assert _starts(folder)[1]["frame"] > 100
    _check_equal(cluster, folder, "--frames", "600")


def test_a_preempted_run_comes_back(cluster: Cluster, tmp_path: Path) -> None:
    _preempt(cluster, tmp_path)


@pytest.mark.parametrize("warned", [True, False], ids=["told by USR1", "told by TERM alone"])
def test_a_run_that_is_preempted_with_a_grace_comes_back(
    warned: bool, cluster: Cluster, tmp_path: Path
) -> None:
    """Who exits within the grace counts as finished for Slurm, so that the run has to ask for its own return."""
    conf = Path(cluster.env["SLURM_CONF"])
    usual = conf.read_text()
    if not warned:
        assert "preempt_send_user_signal" in usual
        conf.write_text(usual.replace("SlurmctldParameters=preempt_send_user_signal\n", ""))
        cluster.slurm("scontrol", "reconfigure")
    cluster.slurm("scontrol", "update", "PartitionName=low", "GraceTime=15")
    try:
        _preempt(cluster, tmp_path)
    finally:
        conf.write_text(usual)
        cluster.slurm("scontrol", "reconfigure")
        cluster.slurm("scontrol", "update", "PartitionName=low", "GraceTime=0")


def test_a_task_that_is_started_twice_leaves_the_first_alone(cluster: Cluster, tmp_path: Path) -> None:
    _submit(cluster, tmp_path, "--frames", "600", pause=0.03)
    wait(lambda: _frame(tmp_path) > 50, what="the beginning")
    (job,) = tmp_path.glob("runs/slurm/*/job.sh")
    again = tmp_path / "again.out"
    cluster.slurm("sbatch", "--array=0", f"--output={again}", "--chdir", str(tmp_path), str(job))
    wait(lambda: again.exists() and "refused: " in again.read_text(), what="its refusal")
    wait(lambda: _finished(tmp_path), 300, "the end of the first")
    assert len(_starts(tmp_path)) == 1
    _check_equal(cluster, tmp_path, "--frames", "600")


def test_a_cancelled_run_stays_away_until_it_is_submitted_again(cluster: Cluster, tmp_path: Path) -> None:
    run = ("--frames", "600", "--seeds", "0-1", "--jobs", "1")
    _submit(cluster, tmp_path, *run, pause=0.03)
    wait(lambda: "running" in _states(tmp_path), what="the beginning")
    wait(lambda: max(run.frame for run in find_runs(tmp_path / "runs")) > 150, what="some training")
    done = cluster.all("slurm", "cancel", "--all", folder=tmp_path)
    assert "Cancelled: 2 of 2 runs" in done.stdout, done.stderr
    wait(lambda: not cluster.slurm("squeue", "-h").strip(), what="the end of the jobs")
    assert sorted(_states(tmp_path)) == ["interrupted", "submitted"]
    listed = json.loads(cluster.all("runs", "--json", folder=tmp_path).stdout)
    assert [run["state"] for run in listed] == ["interrupted", "interrupted"]
    time.sleep(8)  # a requeue would bring it back by now
    assert not cluster.slurm("squeue", "-h").strip()
    _submit(cluster, tmp_path, *run)
    wait(lambda: _finished(tmp_path), 300, "the end")
    assert max(start["frame"] for start in _starts(tmp_path)) > 0
    _check_equal(cluster, tmp_path, *run[:4])


def test_a_controller_that_is_killed_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    _submit(cluster, tmp_path, "--frames", "600", pause=0.03)
    # It saves its state seconds late: killed sooner, it would not know of the job when it comes back.
    wait(lambda: _frame(tmp_path) > 350, what="some ten seconds of training")
    cluster.control("restart-ctld", "--crash")
    wait(lambda: _finished(tmp_path), 300, "the end")
    _check_equal(cluster, tmp_path, "--frames", "600")


def test_a_controller_that_does_not_answer_is_an_error_and_nothing_is_submitted_twice(
    cluster: Cluster, tmp_path: Path
) -> None:
    run = ("--frames", "600")
    _submit(cluster, tmp_path, *run, pause=0.03)
    wait(lambda: _frame(tmp_path) > 50, what="the beginning")
    port = int(cluster.env["SLURM_LOCAL_PORT"])
    nowhere = tmp_path / "nowhere.conf"
    nowhere.write_text(Path(cluster.env["SLURM_CONF"]).read_text().replace(f"={port}\n", f"={port + 40}\n"))
    env = {"SLURM_CONF": str(nowhere)}
    listed = json.loads(cluster.all("runs", "--json", folder=tmp_path, **env).stdout)
    assert [each["state"] for each in listed] == ["running"]
    done = cluster.all(*RUN, *CLUSTER, *run, "--seeds", "0-1", folder=tmp_path, **env)
    assert done.returncode == 1
    assert "Unable to contact slurm controller" in done.stderr
    assert "Traceback" not in done.stderr
    _submit(cluster, tmp_path, *run, "--seeds", "0-1")
    wait(lambda: len(_states(tmp_path)) == 2 and _finished(tmp_path), 300, "the end")
    assert len(_starts(tmp_path)) == 2
    _check_equal(cluster, tmp_path, *run, "--seeds", "0-1")


def test_a_controller_that_is_away_is_asked_again_for_the_requeue(cluster: Cluster, tmp_path: Path) -> None:
    _submit(cluster, tmp_path, "--frames", "800", pause=0.03)
    wait(lambda: _frame(tmp_path) > 350, what="some ten seconds of training")
    env = {**cluster.env, "SLURM_LOCAL_PAUSE": "20"}
    with subprocess.Popen([str(script()), "restart-ctld"], env=env) as restart:
        wait(lambda: not Path(env["SLURM_LOCAL_DIR"], "run", "slurmctld.pid").exists(), what="its end")
        os.kill(_running_pid(tmp_path), signal.SIGUSR1)
    assert restart.returncode == 0
    wait(lambda: _finished(tmp_path), 300, "the end")
    assert len(_starts(tmp_path)) == 2
    assert "queued again: it goes on from frame" in _logs(tmp_path)
    _check_equal(cluster, tmp_path, "--frames", "800")


def test_what_the_controller_forgot_is_submitted_again(cluster: Cluster, tmp_path: Path) -> None:
    run = ("--frames", "300", "--seeds", "0-2")
    _submit(cluster, tmp_path, *run, pause=0.02)
    cluster.control("restart-ctld", "--crash")  # before it has saved what it was told
    deadline = time.monotonic() + 400
    while not _finished(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(5)
        _submit(cluster, tmp_path, *run)
    _check_equal(cluster, tmp_path, *run)


@pytest.mark.parametrize("how", [("--crash",), ()], ids=["killed", "stopped"])
def test_a_node_daemon_that_is_started_again_does_not_end_the_run(
    how: tuple[str, ...], cluster: Cluster, tmp_path: Path
) -> None:
    _submit(cluster, tmp_path, "--frames", "600", "--executor-set", "sbatch=--nodelist=n1", pause=0.03)
    wait(lambda: _frame(tmp_path) > 50, what="the beginning")
    cluster.control("stop-node", "n1", *how)
    time.sleep(2)
    cluster.control("start-node", "n1")
    wait(lambda: _finished(tmp_path), 300, "the end")
    assert len(_starts(tmp_path)) == 1
    _check_equal(cluster, tmp_path, "--frames", "600")


def test_a_run_whose_node_dies_goes_on(cluster: Cluster, tmp_path: Path) -> None:
    _submit(cluster, tmp_path, "--frames", "900", "--executor-set", "sbatch=--nodelist=n2", pause=0.03)
    wait(lambda: _frame(tmp_path) > 250, what="the first checkpoints")
    (job,) = cluster.slurm("squeue", "-h", "-o", "%A").split()
    pid = _running_pid(tmp_path)
    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    cluster.control("stop-node", "n2", "--crash")
    for each in (parent, pid):  # slurmstepd, and the run
        os.kill(each, signal.SIGKILL)
    try:
        wait(lambda: "Restarts=1" in cluster.slurm("scontrol", "show", "job", job), 300, "the requeue")
    finally:
        cluster.control("start-node", "n2")
    wait(lambda: _finished(tmp_path), 300, "the end")
    assert len(_starts(tmp_path)) == 2
    assert _starts(tmp_path)[1]["frame"] >= 200
    _check_equal(cluster, tmp_path, "--frames", "900")


def test_a_full_queue_is_worked_off(cluster: Cluster, tmp_path: Path) -> None:
    series = ("--frames", "150", "--seeds", "0-11")
    _submit(cluster, tmp_path, *series, "--executor-set", "sbatch=--exclusive", pause=0.01)
    listed = json.loads(cluster.all("slurm", "status", "--json", folder=tmp_path).stdout)
    waiting = [run for run in listed if run["state"] == "queued"]
    assert waiting
    assert all(run["note"].startswith("pending, ") for run in waiting)
    wait(lambda: len(_states(tmp_path)) == 12 and _finished(tmp_path), 400, "the end of all")
    _check_equal(cluster, tmp_path, *series)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("partition=nowhere", "invalid partition specified: nowhere"),
        ("memory=much", "Invalid --mem"),
        ("sbatch=--no-such-option", "unrecognized option"),
    ],
)
def test_what_slurm_refuses_leaves_nothing(
    setting: str, message: str, cluster: Cluster, tmp_path: Path
) -> None:
    done = cluster.all(*RUN, *CLUSTER, "--frames", "100", "--executor-set", setting, folder=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert find_runs(tmp_path / "runs") == []


def test_a_run_that_never_gets_further_is_given_up(cluster: Cluster, tmp_path: Path) -> None:
    _submit(cluster, tmp_path, "--frames", "400", pause=0.05)
    wait(lambda: _frame(tmp_path) > 10, what="the beginning")
    (folder,) = (run.path for run in find_runs(tmp_path / "runs"))
    name = json.loads((folder / "submission.json").read_text())["name"]
    stuck = json.dumps({"submission": name, "frame": 0}) + "\n"
    cluster.all("slurm", "cancel", "--all", folder=tmp_path)
    wait(lambda: not cluster.slurm("squeue", "-h").strip(), what="the end of the job")
    (folder / "slurm-starts.jsonl").write_text(stuck * 4)
    for file in folder.glob("checkpoints/*"):
        file.unlink()
    (folder / "cancelled").unlink()
    (script,) = tmp_path.glob("runs/slurm/*/job.sh")
    job = cluster.slurm(
        "sbatch", "--parsable", "--array=0", "--output=again.out", "--chdir", str(tmp_path), str(script)
    )
    wait(lambda: _states(tmp_path) == ["failed"], what=f"the failure of job {job}")
    assert "is the time limit too short?" in (tmp_path / "again.out").read_text()
