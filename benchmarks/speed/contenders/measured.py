"""What the processes that are measured share, whatever library they measure; it needs torch alone.

A contender is a script that is called with the settings as JSON and prints its result as one line of JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook

_SIMULATION = ("torch", "gymnasium", "ale-py", "mujoco")


def settings() -> dict[str, Any]:
    """The settings of this measurement, from the command line; torch computes with `threads` from here on.

    `device` is where the networks are: the processor, if nothing is said.
    """
    given: dict[str, Any] = {"device": "cpu", **json.loads(sys.argv[1])}
    torch.set_num_threads(given["threads"])
    return given


class Stopwatch:
    """Times a stretch of training and sees that learning really happens in it.

    Args:
        parameters: what is learnt.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        self._parameters = list(parameters)
        self._updates = 0
        register_optimizer_step_post_hook(self._count)  # of every optimizer, whoever calls it

    def _count(self, *_: object) -> None:
        self._updates += 1

    def _wait(self) -> None:
        """Let a GPU finish what it was given."""
        if self._parameters[0].is_cuda:
            torch.cuda.synchronize()

    def start(self) -> None:
        """Begin, with learning under way."""
        self._wait()
        self._before = [parameter.detach().clone() for parameter in self._parameters]
        self._load = os.getloadavg()[0]
        self._updates = 0
        self._started, self._started_cpu = time.perf_counter(), cpu_seconds()

    def stop(self, agent_steps: int) -> dict[str, Any]:
        """End, after this many agent steps.

        Raises:
            SystemExit: nothing was learnt.
        """
        self._wait()
        seconds, cpu = time.perf_counter() - self._started, cpu_seconds() - self._started_cpu
        pairs = zip(self._before, self._parameters, strict=True)
        if not all((before != after).any() for before, after in pairs):
            raise SystemExit("parameters stayed as they were: this is not a measurement of learning")
        return {
            "steps_per_second": agent_steps / seconds,
            "agent_steps": agent_steps,
            "updates": self._updates,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "load_before": self._load,  # what else the machine was doing
        }


def cpu_seconds() -> float:
    """Processor time of this process with all its threads, and of the processes in which it has environments."""
    ticks = sum(
        sum(map(int, Path(f"/proc/{child.pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13]))
        for child in multiprocessing.active_children()
    )
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def report(result: dict[str, Any], *distributions: str) -> None:
    """Print the result, with the thread count and the versions of what was measured."""
    result["threads"] = torch.get_num_threads()
    if torch.cuda.is_initialized():
        result["gpu"] = torch.cuda.get_device_name()
    result["versions"] = {name: version(name) for name in (*distributions, *_SIMULATION)}
    print(json.dumps(result))
