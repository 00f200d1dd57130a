"""A disk that is full or takes nothing any more: a clear error, nothing that was there is lost, and the run can go on."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from allcore.errors import LogdirError
from allcore.experiments import RunSpec
from allcore.experiments.checkpoints import Checkpoints
from allcore.experiments.run import execute
from allcore.experiments.run_folder import RunFolder

# Who is killed closes nothing, and on a full disk nobody can.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

Results = Callable[[Path], dict[str, str]]


class Killed(BaseException):
    """Nobody catches it."""


def _kill() -> None:
    raise Killed


def _frames(folder: Path) -> list[int]:
    """The frames that checkpoints stand at, the newest first."""
    return [int(path.stem) for path in Checkpoints(folder / "checkpoints").files()]


@dataclasses.dataclass
class Disk:
    """Where a test writes; `fill` lets nobody write any more, until `free`."""

    path: Path
    fill: Callable[[], None]
    free: Callable[[], None]


@pytest.fixture(params=["file system", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A real file system of two megabytes for those who may mount one; and, for everybody, a limit on the size of files."""
    if request.param == "limit":
        resource = pytest.importorskip("resource")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

        def limit(size: int) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

        yield Disk(tmp_path / "disk", fill=lambda: limit(0), free=lambda: limit(soft))
        limit(soft)
        return
    small = tmp_path / "disk"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only who may mount file systems can have a small one")
    filler = small / "filler"

    def fill() -> None:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(512)):
                pass

    yield Disk(small, fill, filler.unlink)
    gc.collect()
    # Lazily, as what was killed may have left files open.
    subprocess.run(["umount", "--lazy", str(small)], check=True)


def test_a_full_disk_ends_the_run_and_the_same_command_goes_on(
    disk: Disk,
    tmp_path: Path,
    small_run: RunSpec,
    at_frame: Callable[..., Any],
    results: Results,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = results(execute(small_run, tmp_path / "whole", quiet=True).folder)
    with at_frame(300, disk.fill):
        outcome = execute(small_run, disk.path, quiet=True)
    disk.free()
    assert [
        text for text in caplog.messages if "no checkpoint" not in text
    ] == []  # one message, and no other
    assert outcome.state == "failed"
    assert re.search(r"cannot be written: File too large\.|No space left on device", outcome.message)
    assert "the same command goes on with the run" in outcome.message
    assert "\n" not in outcome.message
    # Whatever was whole is still there, and so is what it takes to go on.
    rows = (outcome.folder / "episodes.csv").read_text().splitlines(keepends=True)
    kept = [row for row in rows if row.endswith("\n")]
    expected = whole["episodes.csv"].splitlines(keepends=True)
    assert kept == expected[: len(kept)]
    assert int(expected[len(kept)].partition(",")[0]) > 300
    assert _frames(outcome.folder) == [280, 210]
    again = execute(small_run, disk.path, quiet=True)
    assert (again.state, again.folder) == ("finished", outcome.folder)
    assert results(again.folder) == whole
    left = {path.name for path in again.folder.iterdir() if not path.name.startswith("events.out")}
    assert left == {
        "run.json",
        "status.json",
        "lock",
        "checkpoints",
        "preset.safetensors",
        "events.jsonl",
        *whole,
    }


def test_a_checkpoint_that_finds_no_room_costs_only_itself(
    disk: Disk,
    tmp_path: Path,
    small_run: RunSpec,
    at_frame: Callable[..., Any],
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = results(execute(small_run, tmp_path / "whole", quiet=True).folder)
    save, written = Checkpoints.save, []

    def without_room(self: Checkpoints, frame: int, state: Any) -> Path:
        if frame != 210:
            written.append(frame)
            return save(self, frame, state)
        disk.fill()
        try:
            return save(self, frame, state)
        finally:
            disk.free()

    with monkeypatch.context() as patch, at_frame(400, _kill):
        patch.setattr(Checkpoints, "save", without_room)
        with pytest.raises(Killed):
            execute(small_run, disk.path, quiet=True)
    assert written == [70, 140, 280, 350]
    (line,) = [text for text in caplog.messages if "no checkpoint" in text]
    assert line.startswith("no checkpoint at frame 210: cannot write ")
    again = execute(small_run, disk.path, quiet=True)
    assert json.loads((again.folder / "run.json").read_text())["continued"] == [{"frame": 350, "notices": []}]
    assert results(again.folder) == whole


def test_a_full_disk_begins_no_run_and_leaves_nothing(disk: Disk, small_run: RunSpec) -> None:
    disk.path.mkdir(exist_ok=True)
    disk.fill()
    try:
        with pytest.raises(LogdirError, match=r"(run\.json|The run's folder .*) cannot be written"):
            execute(small_run, disk.path, quiet=True)
    finally:
        disk.free()
    assert list(disk.path.iterdir()) == []


def test_no_run_is_finished_whose_end_cannot_be_written(
    tmp_path: Path, small_run: RunSpec, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write_status", lambda *_, **__: False)
        outcome = execute(small_run, tmp_path, quiet=True)
    assert outcome.state == "failed"
    assert "status.json cannot be written" in outcome.message
    assert _frames(outcome.folder) == [490, 420]
    rows = results(outcome.folder)
    again = execute(small_run, tmp_path, quiet=True)
    assert (again.state, results(again.folder)) == ("finished", rows)


def test_rows_are_on_disk_before_the_checkpoint_that_follows_them(
    tmp_path: Path, small_run: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut there is what was synchronised, and perhaps nothing else."""
    on_disk: dict[int, int] = {}
    checkpoints: list[str] = []
    behind: set[str] = set()
    sync, replace = os.fsync, os.replace

    def noting(descriptor: int) -> None:
        status = os.fstat(descriptor)
        on_disk[status.st_ino] = status.st_size
        sync(descriptor)

    def checking(source: Any, target: Any) -> None:
        if Path(target).parent.name == "checkpoints" and Path(target).stem.isdigit():
            checkpoints.append(Path(target).stem)
            logs = [*tmp_path.rglob("*.csv"), *tmp_path.rglob("events*")]
            behind.update(
                path.name for path in logs if on_disk.get(path.stat().st_ino) != path.stat().st_size
            )
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noting)
    monkeypatch.setattr(os, "replace", checking)
    assert execute(small_run, tmp_path, quiet=True).state == "finished"
    assert (len(checkpoints), behind) == (7, set())


# A folder that becomes read-only

_READ_ONLY_AT_300 = """
import sys
from pathlib import Path
from allcore.cli import main
from allcore.experiments.experiment import Experiment

chosen = Experiment._chosen

def choose(self, state):
    if self.frame == 300:
        for path in (self.logger.folder / "checkpoints", self.logger.folder):
            path.chmod(0o500)
    return chosen(self, state)

Experiment._chosen = choose
main()
"""


def _as_anybody(*command: Any) -> subprocess.CompletedProcess[str]:
    """Run Python as somebody who must heed permissions; the superuser gives up not to."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        prefix = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
        if shutil.which("setpriv") is None or subprocess.run([*prefix, "true"], check=False).returncode:
            pytest.skip("the superuser may write anywhere, and cannot give that up here")
    full = [*prefix, sys.executable, *map(str, command)]
    return subprocess.run(full, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name != "posix", reason="other systems have other permissions")
def test_a_folder_that_becomes_read_only_ends_the_run_and_keeps_what_is_there(
    tmp_path: Path, small_run: RunSpec, results: Results
) -> None:
    (tmp_path / "spec.json").write_text(json.dumps(small_run.to_json()))
    command = ["run", "--spec", tmp_path / "spec.json", "--logdir", tmp_path / "runs", "--quiet"]
    try:
        failed = _as_anybody("-c", _READ_ONLY_AT_300, *command)
        (folder,) = tmp_path.glob("runs/*/*/*")
        rows = (folder / "episodes.csv").read_text()
        refused = _as_anybody("-m", "allcore", *command)
        listed = _as_anybody("-m", "allcore", "runs", tmp_path / "runs")
    finally:
        for path in tmp_path.glob("runs/*/*/*"):
            path.chmod(0o700)
            (path / "checkpoints").chmod(0o700)
    assert "Permission denied" in failed.stderr
    assert f"Failed: {folder} (" in failed.stderr
    assert refused.stderr.startswith(f"Error: The log in {folder} cannot be written: Permission denied.\n")
    assert (failed.returncode, refused.returncode, listed.returncode) == (1, 2, 0)
    assert "Traceback" not in failed.stderr + refused.stderr
    assert "interrupted" in listed.stdout
    assert (folder / "episodes.csv").read_text() == rows
    assert _frames(folder) == [280, 210]
    again = execute(small_run, tmp_path / "runs", quiet=True)
    whole = execute(small_run, tmp_path / "whole", quiet=True)
    assert again.folder == folder
    assert results(folder) == results(whole.folder)
