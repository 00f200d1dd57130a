"""Runs in several processes of this machine at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allcore.executors.progress import Progress
from allcore.executors.submissions import check_reachable, prepare
from allcore.executors.worker import EXIT_CODES, command_line
from allcore.experiments.interruption import Interruption
from allcore.experiments.outcome import Outcome
from allcore.experiments.threads import available_cores
from allcore.experiments.verdict import not_begun

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allcore.experiments.run_folder import RunFolder
    from allcore.experiments.spec import RunSpec

#: In a run's folder: what its process printed.
OUTPUT = "output.txt"

#: Seconds between two looks at the processes.
_INTERVAL = 0.1

#: Seconds that processes have to end at once, when they are asked a second time.
_PATIENCE = 10.0


@dataclass
class _Worker:
    number: int  # of the run in the series
    spec: RunSpec
    folder: RunFolder
    process: subprocess.Popen[bytes]


class Processes:
    """Runs specifications in worker processes, each of which gets its share of the processor's threads.

    Args:
        logdir: the folder of all runs.
        jobs: how many processes there are at once.
        fresh: start again what has been run before.
        quiet: print nothing.
    """

    def __init__(self, logdir: Path, jobs: int, *, fresh: bool, quiet: bool) -> None:
        self._logdir = logdir
        self._jobs = jobs
        self._fresh = fresh
        self._progress = Progress(quiet=quiet)
        self._workers: list[_Worker] = []
        self._outcomes: dict[int, Outcome] = {}

    def run(self, specs: Sequence[RunSpec]) -> list[Outcome]:
        """Run them all. Whoever asks this process to stop makes all of them stop after a checkpoint.

        Returns:
            The outcomes of those that were begun, in the order of `specs`.

        Raises:
            SpecError: another process could not find what one of them names; none is begun.
        """
        for spec in specs:
            check_reachable(spec)
        waiting = deque(enumerate(specs))
        asked = False
        with Interruption() as interruption, interruption.patient():
            try:
                while self._workers or (waiting and not asked):
                    while waiting and not asked and len(self._workers) < self._jobs:
                        self._start(*waiting.popleft())
                    self._collect(len(specs))
                    if interruption.requested and not asked:
                        asked = True
                        self._ask_to_stop()
                    time.sleep(_INTERVAL)
            except KeyboardInterrupt:  # asked a second time
                self._end()
                self._collect(len(specs))
            except BaseException:
                self._end()
                raise
            finally:
                self._progress.close()
        return [self._outcomes[number] for number in sorted(self._outcomes)]

    def _start(self, number: int, spec: RunSpec) -> None:
        try:
            (folder,) = prepare([spec], self._logdir, fresh=self._fresh)
        except Exception as error:  # the others go on
            self._outcomes[number] = not_begun(spec, self._logdir, error)
            return
        if folder.read_status().get("state") == "finished":
            self._outcomes[number] = Outcome(spec=spec, folder=folder.path, state="already finished")
            return
        try:
            process = self._process(spec, folder)
        except OSError as error:
            message = f"{error.filename} cannot be written: {error.strerror}."
            self._outcomes[number] = Outcome(spec=spec, folder=folder.path, state="failed", message=message)
        else:
            self._workers.append(_Worker(number, spec, folder, process))

    def _process(self, spec: RunSpec, folder: RunFolder) -> subprocess.Popen[bytes]:
        worker = [sys.executable, "-m", "allcore.executors.worker", "--parent", str(os.getpid())]
        command = [*worker, *command_line([spec]), str(folder.path)]
        with (folder.path / OUTPUT).open("ab") as output:
            # In a session of its own: Ctrl-C is told to this process, which tells the others.
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment(),
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        """The workers' environment: this process's, and a share of the processor's threads unless the user said how many."""
        return {"OMP_NUM_THREADS": str(max(1, available_cores() // self._jobs)), **os.environ}

    def _collect(self, total: int) -> None:
        """Take note of the processes that have ended."""
        for worker in [each for each in self._workers if each.process.poll() is not None]:
            self._workers.remove(worker)
            outcome = _outcome(worker)
            self._outcomes[worker.number] = outcome
            self._progress.ended(outcome, len(self._outcomes), total)
        self._progress.running([worker.folder for worker in self._workers], len(self._outcomes), total)

    def _ask_to_stop(self) -> None:
        for worker in self._workers:
            worker.process.terminate()

    def _end(self) -> None:
        """Ask again, which means at once, and take no excuse."""
        self._ask_to_stop()
        deadline = time.monotonic() + _PATIENCE
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()


def _outcome(worker: _Worker) -> Outcome:
    """What became of a run whose process has ended."""
    states = {code: state for state, code in EXIT_CODES.items() if code}
    states[-signal.SIGTERM] = "interrupted"  # it was asked to stop before it could listen
    state = states.get(worker.process.returncode, "failed") if worker.process.returncode else "finished"
    message = "" if state == "finished" else _why(worker, state)
    return Outcome(
        spec=worker.spec,
        folder=worker.folder.path,
        state="failed" if state == "refused" else state,
        message=message,
    )


def _why(worker: _Worker, state: str) -> str:
    status = worker.folder.read_status()
    code, output = worker.process.returncode, worker.folder.path / OUTPUT
    if state == "interrupted":
        return f"interrupted after {status.get('frame', 0):,} frames"
    if code < 0:
        return f"its process was killed by signal {-code} (see {output})"
    if state == "failed" and status.get("state") == "failed":
        return str(status.get("error", ""))
    try:
        lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError as error:  # somebody removed the run's folder
        return f"exit code {code}, and {output} cannot be read: {error.strerror}"
    return f"{lines[-1] if lines else f'exit code {code}'} (see {output})"
