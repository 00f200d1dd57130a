"""The health check of the Slurm plugin, against a `sinfo` written for the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from all_slurm import health


def _sinfo(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "sinfo"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_no_slurm_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no Slurm on this machine" in health.check_cluster()


def test_partitions_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _sinfo(tmp_path, "printf 'cpu*\\ngpu\\n'", monkeypatch)
    assert health.check_cluster() == "partitions: cpu*, gpu"


def test_a_controller_that_refuses_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _sinfo(
        tmp_path, "echo 'slurm_load_partitions: Unable to contact slurm controller' >&2; exit 1", monkeypatch
    )
    with pytest.raises(RuntimeError, match="Unable to contact slurm controller"):
        health.check_cluster()


def test_a_controller_that_is_silent_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    _sinfo(tmp_path, "exec sleep 5", monkeypatch)
    with pytest.raises(RuntimeError, match="did not answer within"):
        health.check_cluster()
