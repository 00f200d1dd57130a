"""Carries out one run whose folder has been prepared: `python -m allcore.executors.worker FOLDER`.

What is to be run stands in the folder's `run.json`. Plugin files and modules that the run names are named on this command line,
too, by whoever typed them first: nothing that is read from a file makes us import them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from allcore.errors import LogdirError, SpecError
from allcore.experiments.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from allcore.experiments.interruption import Interruption
    from allcore.experiments.spec import RunSpec


def command_line(specs: Sequence[RunSpec]) -> list[str]:
    """The arguments by which a worker may load what these runs name: the user has named it already."""
    from allcore.experiments.trust import strangers

    files = dict.fromkeys(file for spec in specs for file in spec.plugin_files)
    modules = dict.fromkeys(module for spec in specs for module in strangers(spec))
    return [
        part
        for name, found in (("--plugin", files), ("--trust", modules))
        for each in found
        for part in (name, each)
    ]


def parser() -> argparse.ArgumentParser:
    """The arguments of `command_line`."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--plugin", action="append", default=[], metavar="FILE")
    made.add_argument("--trust", action="append", default=[], metavar="MODULE")
    return made


def work(
    folder: RunFolder, trust: Collection[str], *, interruption: Interruption | None = None
) -> tuple[str, str]:
    """Carry out the run of this folder, or go on with it.

    Args:
        folder: the run's, with its `run.json`.
        trust: modules that the run may name, beside those of plugins.
        interruption: what asks it to stop; by default Ctrl-C and requests to terminate.

    Returns:
        The state that the run is in now and why: `finished`, `already finished`, `interrupted` or `failed`, or
        `refused` where another process is at it. What failed before it could begin is marked in the folder, too.
    """
    from allcore.experiments.run import resume_run
    from allcore.experiments.spec import RunSpec
    from allcore.experiments.trust import check_specification
    from allcore.experiments.verdict import verdict

    try:
        record = folder.read_run().get("spec")
        if record is None:
            raise SpecError(f"{folder.run_file} does not say what is to be run.")
        spec = RunSpec.from_json(record)
        check_specification(spec, trust, folder.run_file)
        outcome = resume_run(spec, folder, quiet=True, interruption=interruption)
    except LogdirError as error:
        return "refused", str(error).replace("\n", " ")
    except KeyboardInterrupt:
        return "interrupted", "interrupted before it began"
    except Exception as error:
        _, message = verdict(error, 0, folder)
        mark_failed(folder, message)
        return "failed", message
    if outcome.state == "failed":
        mark_failed(folder, outcome.message)  # a checkpoint that cannot be read changes nothing by itself
    return outcome.state, outcome.message


def mark_failed(folder: RunFolder, message: str) -> None:
    """Say in the run's folder that it failed, unless it says so already, has finished, is gone, or another process is at it."""
    if folder.lost or not folder.run_file.exists():
        return  # opening it would make it again
    with contextlib.suppress(LogdirError), folder:
        before = folder.read_status()
        if before.get("state") not in ("failed", "finished"):
            counts = {"frame": before.get("frame", 0), "frames": before.get("frames", 0)}
            folder.write_status("failed", **counts, error=message)


def follow(parent: int) -> None:
    """Stop this process in an orderly way, after a checkpoint, once `parent`, which started it, has ended.

    Whoever was killed cannot stop its workers. The same command could not go on with their runs while they are at them.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="follow").start()


#: Seconds from one look at the parent to the next.
_LOOK = 0.5


#: The exit codes of a worker, by the state of its run.
EXIT_CODES = {"finished": 0, "already finished": 0, "failed": 1, "refused": 2, "interrupted": 130}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one run and say on stderr what went wrong with it."""
    made = parser()
    made.add_argument("folder", type=Path)
    made.add_argument("--parent", type=int, metavar="PID")
    given = made.parse_args(arguments)
    if given.parent is not None:
        follow(given.parent)
    if given.plugin:
        from allcore.plugins import configure

        configure(files=given.plugin)
    state, message = work(RunFolder(given.folder), given.trust)
    if EXIT_CODES[state]:
        print(f"{state}: {message}", file=sys.stderr)
    return EXIT_CODES[state]


if __name__ == "__main__":
    sys.exit(main())
