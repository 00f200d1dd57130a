"""The process that is killed: the command itself, either started as a user starts it, or forked from one that has imported torch."""

from __future__ import annotations

import contextlib
import importlib
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

#: What a forked worker is doing, as it tells its parent.
PHASES = ("starting", "going on", "training", "evaluating", "ending")

#: Where a forked worker leaves its whole training state right before it ends.
STATE_FILE = "final-state.safetensors"

#: torch._dynamo is imported by every optimizer, which takes seconds.
_PRELOADED = (
    "torch._dynamo",
    "gymnasium",
    "ale_py",
    "mujoco",
    "allcore.cli",
    "allcore.experiments.run",
    "allcore.logging.event_file",
)


class Worker:
    """One start of the command, in a process group of its own.

    Args:
        arguments: of `all`.
        folder: where to put what it prints, and its final state.
        forked: fork this process instead of starting Python; only then the frame and the phase are known.
    """

    def __init__(self, arguments: list[str], folder: Path, *, forked: bool) -> None:
        self._note = memoryview(mmap.mmap(-1, 16)).cast("q")  # frame and phase, shared with the child
        self.began = time.monotonic()
        self.started_at = time.time()
        self.killed_after = 0.0  # seconds
        self.forked = forked
        self._code: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        with (folder / "printed.txt").open("ab") as printed:
            if forked:
                self.pid = self._fork(arguments, folder, printed.fileno())
            else:
                command = [sys.executable, "-m", "allcore", *arguments]
                self._process = subprocess.Popen(
                    command, stdout=printed, stderr=printed, stdin=subprocess.DEVNULL, start_new_session=True
                )
                self.pid = self._process.pid

    def _fork(self, arguments: list[str], folder: Path, printed: int) -> int:
        _check_that_nothing_runs()
        pid = os.fork()
        if pid:
            return pid
        code = 70  # of an error in this file
        try:
            os.setsid()
            os.dup2(printed, 1)
            os.dup2(printed, 2)
            code = _run(arguments, self._note, folder / STATE_FILE)
        finally:
            os._exit(code)

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self.began

    def frame_and_phase(self) -> tuple[int | None, str | None]:
        """Where it is, or was when it died; None where it cannot be known."""
        if not self.forked:
            return None, None
        frame, phase = self._note
        return frame, PHASES[phase]

    def code(self) -> int | None:
        """Its exit code, negative for a signal; None as long as it runs."""
        if self._code is None:
            if self._process is not None:
                self._code = self._process.poll()
            else:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def kill(self) -> bool:
        """End it and all that it started with SIGKILL, and wait for it; False if it had come to its own end before."""
        self.killed_after = self.seconds
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has no group yet, or is gone
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        while self.code() is None:
            time.sleep(0.0002)
        return self.code() == -signal.SIGKILL


def preload() -> None:
    """Import what the workloads need, and compute nothing: a process that has computed must not be forked."""
    for name in _PRELOADED:
        importlib.import_module(name)


def _check_that_nothing_runs() -> None:
    tasks = Path("/proc/self/task")
    threads = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
    if threads > 1:
        raise RuntimeError(f"a process with {threads} threads cannot be forked safely; set OMP_NUM_THREADS=1")


def _run(arguments: list[str], note: memoryview[int], state_file: Path) -> int:
    """Do what the command `all` does, and tell where it is."""
    _tell_where_it_is(note)
    _keep_final_state(state_file)
    from allcore.cli import main

    sys.argv = ["all", *arguments]
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


def _tell_where_it_is(note: memoryview[int]) -> None:
    """Write frame and phase into shared memory: a few microseconds a step, and nothing that the run computes with."""
    from allcore.experiments import run
    from allcore.experiments.experiment import Experiment

    chosen, test, begin, finish = Experiment._chosen, Experiment.test, run.begin, run.finish

    def tell(phase: str, frame: int | None = None) -> None:
        note[1] = PHASES.index(phase)
        if frame is not None:
            note[0] = frame

    def telling_chosen(self: Experiment, state: Any) -> Any:
        tell("training", self.frame)
        return chosen(self, state)

    def telling_test(self: Experiment, *arguments: Any) -> Any:
        tell("evaluating", self.frame)
        return test(self, *arguments)

    def telling_begin(*arguments: Any, **more: Any) -> Any:
        tell("going on")
        return begin(*arguments, **more)

    def telling_finish(experiment: Experiment, *arguments: Any, **more: Any) -> Any:
        tell("ending", experiment.frame)
        finish(experiment, *arguments, **more)

    Experiment._chosen, Experiment.test = telling_chosen, telling_test  # type: ignore[assignment, method-assign]
    run.begin, run.finish = telling_begin, telling_finish


def _keep_final_state(file: Path) -> None:
    """Before the run's end write everything that a checkpoint would hold: replay, optimizers, generators, simulator."""
    from allcore.checkpoint import save_state
    from allcore.experiments import run
    from allcore.experiments.training_state import training_state

    finish = run.finish

    def keeping(experiment: Any, folder: Any, *, complete: bool) -> None:
        if complete:
            state = training_state(experiment)
            del state["log"]["seconds"]  # the only clock in it
            save_state(file, state)
        finish(experiment, folder, complete=complete)

    run.finish = keeping
