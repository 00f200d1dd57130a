"""benchmarks/learning/run.py as one types it: real runs, far too short to learn anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[2] / "benchmarks" / "learning" / "run.py"

pytestmark = pytest.mark.slow


def run(out, *arguments):
    command = [
        sys.executable,
        RUN,
        "--preset",
        "classic.dqn",
        "--env",
        "CartPole-v1",
        "--out",
        out,
        *arguments,
    ]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def test_seeds_are_trained_once_and_kept(tmp_path):
    short = ("--frames", "300", "--episodes", "2", "--jobs", "2")
    assert "[1/1] classic.dqn classic:CartPole-v1 seed 1" in run(tmp_path, *short, "--seeds", "1").stdout
    kept = (tmp_path / "classic.dqn" / "CartPole-v1" / "seed1.json").read_bytes()

    more = run(tmp_path, *short, "--seeds", "0-1")
    assert "seed 1: done before, kept" in more.stdout
    assert "[1/1] classic.dqn classic:CartPole-v1 seed 0" in more.stdout
    assert "seeds 2, 3, 4, 5, 6, 7, 8, 9 are missing" in more.stdout
    assert more.returncode == 1
    assert (tmp_path / "classic.dqn" / "CartPole-v1" / "seed1.json").read_bytes() == kept

    again = run(tmp_path, *short, "--seeds", "1", "--fresh")
    assert "[1/1] classic.dqn classic:CartPole-v1 seed 1" in again.stdout
    first, second = (
        json.loads(text) for text in (kept, (tmp_path / "classic.dqn/CartPole-v1/seed1.json").read_bytes())
    )
    assert first["training"] == second["training"]
    assert first["evaluation"] == second["evaluation"]
    assert len(first["evaluation"]["return"]) == 2

    other = run(tmp_path, "--frames", "400", "--episodes", "2", "--seeds", "0")
    assert other.returncode == 2
    assert "frames 300 instead of 400" in other.stderr
    assert "Traceback" not in other.stderr


def test_a_wrong_name_is_one_message(tmp_path):
    wrong = run(tmp_path, "--frames", "300", "--preset", "classic.dqm")
    assert wrong.returncode == 2
    assert "classic.dqm" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert not list(tmp_path.iterdir())
