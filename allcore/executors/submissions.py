"""Runs that are handed over to other processes: a folder that says what is to be run, and who it was given to."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allcore.errors import LogdirError, SpecError, UnknownKeyError
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.runs import read_run
from allcore.formats import VERSIONS, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from allcore.experiments.spec import RunSpec

#: In a run's folder: the executor's key, and whatever it needs to find the run again.
SUBMISSION = "submission.json"


def prepare(specs: Sequence[RunSpec], logdir: str | Path, *, fresh: bool) -> list[RunFolder]:
    """Find or make the folders of runs. A worker needs nothing else: `run.json` says what is to be run.

    A run that has begun keeps its folder, and is gone on with as `specs` have it now.

    Args:
        specs: canonical specifications (`allcore.experiments.setup.canonical`).
        logdir: the folder of all runs.
        fresh: make another folder where there is one.

    Raises:
        LogdirError: a folder cannot be written.
        SpecError: another process could not find what the runs name.
    """
    from allcore.experiments.checkpoints import Checkpoints
    from allcore.experiments.setup import find_preset, make_environment

    names: dict[str, str] = {}
    folders = []
    for spec in specs:
        check_reachable(spec)
        kind = json.dumps([spec.environment, dict(spec.environment_options), spec.wrappers], sort_keys=True)
        if kind not in names:
            env = make_environment(spec, find_preset(spec.preset)[1])
            names[kind] = env.name
            env.close()
        folder = RunFolder.of(logdir, spec.preset, names[kind], spec.run_name, fresh=fresh)
        record = folder.read_run()
        if not record:
            _describe(folder, spec, names[kind])
        if folder.read_status().get("state") == "finished":
            Checkpoints(folder.checkpoints).clear()  # in case that it was killed just before
        elif record and not _says(record, spec) and not folder.is_locked():
            # What is outside a run's identity (on_nan, loggers, checkpoints) may be asked for anew each time.
            folder.write_run({**record, "spec": spec.to_json()}, durable=False)
        folders.append(folder)
    return folders


def _says(record: Mapping[str, Any], spec: RunSpec) -> bool:
    """Whether this content of `run.json` is of this very specification."""
    mine, its = (json.dumps(each, sort_keys=True) for each in (spec.to_json(), record.get("spec")))
    return mine == its


def check_reachable(spec: RunSpec) -> None:
    """Refuse what is known to this process only.

    Raises:
        SpecError: no other process could find what the run names; the message says what to do.
    """
    from allcore.experiments.trust import strangers

    try:
        modules = strangers(spec)
    except UnknownKeyError:
        raise SpecError(
            f"Another process cannot find the preset {spec.preset!r}: no plugin registered it.",
            hint=f"Name its builder by where it is defined, such as 'my_module:{spec.preset.split('.')[-1]}', or register it "
            "in a plugin file: all --plugin FILE.py run ..., from Python plugin_files=[...].",
        ) from None
    if "__main__" in modules:
        raise SpecError(
            f"Another process cannot find what {spec.preset} on {spec.environment} names in __main__, which is the "
            "script that runs now.",
            hint="Move it into a module that can be imported from this folder, where the other process starts, too; or install it.",
        )


def _describe(folder: RunFolder, spec: RunSpec, env: str) -> None:
    """Say in a new folder what is to be run. The worker adds what only the place of execution knows.

    A thousand runs are submitted at once, so nothing is written that can wait: no lock, no status, and nothing waits for the disk.
    """
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LogdirError(
            f"The run's folder {folder.path} cannot be written: {error.strerror or error}.",
            hint="Choose another log folder with --logdir.",
        ) from None
    folder.write_run(
        {
            "schema": VERSIONS["run"],
            "preset": spec.preset,
            "env": env,
            "environment": spec.environment,
            "seed": spec.seed,
            "frames": spec.frames,
            "device": spec.device,
            "spec": spec.to_json(),
            "started": None,
        },
        durable=False,
    )


def withdraw(folder: Path) -> None:
    """Take a submission back that was refused. The folder of a run that nobody has begun goes with it."""
    (folder / SUBMISSION).unlink(missing_ok=True)
    run = read_run(folder)
    if run is None or run.state != "submitted":
        return
    (folder / "run.json").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # something else lies in it, or beside it
        for empty in (folder, folder.parent, folder.parent.parent):
            empty.rmdir()


def write_submission(folder: Path, record: Mapping[str, Any]) -> None:
    """Write down who a run was given to.

    Args:
        folder: the run's.
        record: `executor`, a key, and whatever that executor needs to find the run again.

    Raises:
        LogdirError: it cannot be written.
    """
    path = folder / SUBMISSION
    temporary = path.with_name(f".{SUBMISSION}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise LogdirError(f"{path} cannot be written: {error.strerror or error}.") from None


def read_submission(folder: Path) -> dict[str, Any]:
    """Who a run was given to; empty if to nobody, or if that cannot be read."""
    try:
        record = read_json((folder / SUBMISSION).read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
