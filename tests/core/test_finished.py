"""A finished run whose status can no longer be read: nobody begins it anew over what it left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from allcore.errors import LogdirError
from allcore.executors import LocalExecutor
from allcore.experiments import RunSpec
from allcore.experiments.run import execute
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.setup import canonical

# Who is killed closes nothing.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Killed(BaseException):
    """Nobody catches it."""


def _kill() -> None:
    raise Killed


def _damage(status: Path, how: str) -> None:
    content = status.read_text()
    if how == "removed":
        status.unlink()
    elif how == "cut short":
        status.write_text(content[:20])
    elif how == "empty":
        status.write_text("")
    else:
        status.write_text(content.replace("finished", "finishee"))


def _files(folder: Path) -> dict[str, bytes]:
    """All but the lock, which says who looked last."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != "lock"
    }


@pytest.mark.parametrize("how", ["removed", "cut short", "empty", "a letter changed"])
def test_a_finished_run_is_not_begun_anew(how: str, tmp_path: Path, small_run: RunSpec) -> None:
    folder = execute(small_run, tmp_path, quiet=True).folder
    _damage(folder / "status.json", how)
    before = _files(folder)
    with pytest.raises(LogdirError, match=r"status.json is gone or damaged.*may hold a finished run"):
        execute(small_run, tmp_path, quiet=True)
    (outcome,) = LocalExecutor(tmp_path, quiet=True, jobs=2).submit([canonical(small_run)])
    assert outcome.state == "failed"
    assert "may hold a finished run" in outcome.message
    after = _files(folder)
    assert "may hold a finished run" in after.pop("output.txt").decode()
    assert {name for name in before if after[name] != before[name]} <= {"run.json"}
    assert after.keys() == before.keys()


def test_what_the_message_says_helps(tmp_path: Path, small_run: RunSpec) -> None:
    folder = execute(small_run, tmp_path, quiet=True).folder
    rows = (folder / "episodes.csv").read_text()
    (folder / "status.json").unlink()
    (folder / "preset.safetensors").unlink()
    assert execute(small_run, tmp_path, quiet=True).state == "finished"
    assert (folder / "episodes.csv").read_text() == rows


def test_a_run_that_has_not_finished_goes_on_from_its_checkpoint(
    tmp_path: Path, small_run: RunSpec, at_frame: Any
) -> None:
    with at_frame(200, _kill), pytest.raises(Killed):
        execute(small_run, tmp_path, quiet=True)
    (path,) = tmp_path.glob("*/*/*")
    (path / "status.json").write_text("{")
    assert (path / "preset.safetensors").exists()
    assert execute(small_run, tmp_path, quiet=True).state == "finished"
    assert RunFolder(path).read_run()["continued"][0]["frame"] > 0
