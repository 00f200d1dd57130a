"""benchmarks/survival/kill.py as one types it: a few kills, and what it writes about them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILL = Path(__file__).resolve().parents[2] / "benchmarks" / "survival" / "kill.py"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")]


def _kill(out, kills):
    command = [sys.executable, KILL, "--workload", "ppo-cartpole", "--kills", str(kills)]
    command += ["--out", out, "--folder", out.parent / "killed"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_killed_runs_end_equal_and_the_same_command_adds_more(tmp_path):
    out = tmp_path / "out"
    first = _kill(out, 6)
    assert first.returncode == 0, first.stdout + first.stderr
    content = json.loads((out / "ppo-cartpole.json").read_text())
    assert [run["equal"] for run in content["runs"]] == [True] * len(content["runs"])
    assert sum(len(run["kills"]) for run in content["runs"]) == 6
    assert content["runs"][0]["started"] == "python -m allcore"
    second = _kill(out, 7)
    assert second.returncode == 0, second.stdout + second.stderr
    longer = json.loads((out / "ppo-cartpole.json").read_text())
    assert longer["runs"][: len(content["runs"])] == content["runs"]
    assert "| ppo-cartpole | " in (out / "README.md").read_text()


def test_a_run_that_ends_differently_is_told_of(tmp_path, monkeypatch):
    """What a run goes on with is spoilt: its log is not rewound."""
    (tmp_path / "sitecustomize.py").write_text(
        "import allcore.logging.csv_logger as module\nmodule.CsvLogger.rewind = lambda self, frame: None\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    result = _kill(tmp_path / "out", 15)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "NOT EQUAL" in result.stdout
    content = json.loads((tmp_path / "out" / "ppo-cartpole.json").read_text())
    assert "episodes.csv" in {name for run in content["runs"] for name in run["different"]}
    assert "**Not equal:** ppo-cartpole" in (tmp_path / "out" / "README.md").read_text()
