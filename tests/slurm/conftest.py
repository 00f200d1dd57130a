"""Programs of Slurm that a test writes, and a private cluster for the tests with the marker `slurm`: controller, two nodes, munge.

The script that starts the cluster is named by SLURM_LOCAL, or lies beside the repository; without it, or without Slurm's programs, these
tests skip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from allcore.experiments.setup import canonical
from allcore.experiments.spec import RunSpec

ROOT = Path(__file__).parents[2]

SLOW_CARTPOLE = """
import os, time
import gymnasium


class Slow(gymnasium.Wrapper):
    def step(self, action):
        time.sleep(float(os.environ.get("PAUSE", 0)))
        return super().step(action)


def make():
    return Slow(gymnasium.make("CartPole-v1"))
"""


def script() -> Path:
    """Where the script should be that starts a cluster."""
    return Path(os.environ.get("SLURM_LOCAL", ROOT.parent / "shared" / "slurm" / "slurm-local.sh"))


class Cluster:
    """The cluster, and `all` as a user of it would call it, in a folder with a slow environment of their own."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        extra = folder / "extra.conf"
        extra.write_text("SlurmdTimeout=20\n")
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("ALL_", "SLURM_"))}
        self.env = keep | {
            "SLURM_LOCAL_DIR": str(folder / "s"),
            "SLURM_LOCAL_PORT": str(17000 + 50 * number),
            "SLURM_LOCAL_NODES": "2",
            "SLURM_LOCAL_NODE": "n",
            "SLURM_LOCAL_CPUS": "4",
            "SLURM_LOCAL_EXTRA": str(extra),
            "SLURM_CONF": str(folder / "s" / "etc" / "slurm.conf"),
            "OMP_NUM_THREADS": "1",
        }

    def control(self, *arguments: str) -> None:
        """Call the script."""
        done = subprocess.run(
            [str(script()), *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr

    def slurm(self, *command: str) -> str:
        """Call one of Slurm's own commands."""
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    def all(
        self, *arguments: str, folder: Path, pause: float = 0.0, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Call `all` in a folder; the slow environment sleeps so many seconds in each step."""
        (folder / "slow_cartpole.py").write_text(SLOW_CARTPOLE)
        return subprocess.run(
            [sys.executable, "-m", "allcore", *arguments],
            cwd=folder,
            env={**self.env, "PAUSE": str(pause), **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def wait(condition, seconds: float = 120.0, what: str = "it") -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def _cluster(tmp_path_factory: pytest.TempPathFactory, worker_id: str):
    if shutil.which("sbatch") is None or shutil.which("slurmctld") is None:
        pytest.skip("Slurm is not installed: `make test-slurm` says how to get it")
    if not script().exists():
        pytest.skip(f"the script that starts a cluster is not at {script()}: `make test-slurm` says more")
    # A unix socket's path must be short.
    folder = Path("/tmp") / f"all-slurm-{os.getpid()}"
    folder.mkdir()
    cluster = Cluster(folder, int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0)
    try:
        cluster.control("up")
        yield cluster
    finally:
        cluster.control("purge")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cluster(_cluster: Cluster):
    """The cluster, with no job of another test."""
    yield _cluster
    subprocess.run(["scancel", "--state=PENDING", "--me"], env=_cluster.env, check=False, capture_output=True)
    subprocess.run(["scancel", "--me"], env=_cluster.env, check=False, capture_output=True)
    wait(lambda: not _cluster.slurm("squeue", "--noheader").strip(), what="the end of all jobs")


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


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[str], list[str]]:
    """How one of the programs was called so far."""

    def of(program: str) -> list[str]:
        lines = (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
        return [line for line in lines if line.split()[0] == program]

    return of


@pytest.fixture
def specs() -> Callable[..., list[RunSpec]]:
    """`specs(3)`: short runs of three seeds."""

    def of(count: int, **more: object) -> list[RunSpec]:
        fields = {"preset": "classic.dqn", "environment": "CartPole-v1", "frames": 100, **more}
        one = canonical(RunSpec(**fields))  # type: ignore[arg-type]
        return [RunSpec(**{**vars(one), "seed": seed}) for seed in range(count)]

    return of
