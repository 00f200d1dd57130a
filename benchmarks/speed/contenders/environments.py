"""Steps a vector of environments with random actions for a while: ours, the simulator's own, Gymnasium's or EnvPool's.

    python environments.py ours|raw|gymnasium|envpool SETTINGS

The settings are JSON; the result is one line of JSON. No library is imported but the one that is measured.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

#: A function that takes actions `[E, A]`, the space of one action, the processes that work for it, and what ends it all.
Contender = tuple[Callable[[np.ndarray], Any], Any, Sequence[int], Callable[[], object]]

_SIMULATORS = ("numpy", "gymnasium", "ale-py", "mujoco")
#: Whose versions are written down. EnvPool has a MuJoCo of its own inside, which does not say which.
PACKAGES = {
    "ours": ("allcore", "all-atari", "all-mujoco", *_SIMULATORS),
    "raw": _SIMULATORS,
    "gymnasium": _SIMULATORS,
    "envpool": ("numpy", "envpool"),
}


def ours(task: str, n: int, seed: int) -> Contender:
    from allcore.environments.resolve import resolve_environment

    keys = {"Breakout": "atari:Breakout", "CartPole-v1": "gym:CartPole-v1"}
    vector = resolve_environment(keys.get(task, f"mujoco:{task}"), domain=None).duplicate(n)
    vector.reset(seed=seed)
    return vector.step, vector.action_space, (), vector.close


def raw(task: str, n: int, seed: int) -> Contender:
    """The vector that the simulator comes with, as fast as it goes; one frame of a game at a time, as ours has it."""
    vector: Any
    if task == "Breakout":
        from ale_py.vector_env import AtariVectorEnv

        threads = min(n, len(os.sched_getaffinity(0)))
        vector = AtariVectorEnv("breakout", num_envs=n, num_threads=threads, frameskip=4, stack_num=1)
    else:
        import gymnasium

        vector = gymnasium.make_vec(task, n, vectorization_mode="vector_entry_point")
    vector.reset(seed=seed)
    return vector.step, vector.single_action_space, (), vector.close


def gymnasium(task: str, n: int, seed: int) -> Contender:
    from gymnasium.vector import AsyncVectorEnv

    vector = AsyncVectorEnv([lambda: _one(task)] * n)
    vector.reset(seed=seed)
    processes = [process.pid for process in vector.processes if process.pid is not None]
    return vector.step, vector.single_action_space, processes, lambda: vector.close(terminate=True)


def _one(task: str) -> Any:
    """One environment of Gymnasium's; a game in its own wrappers."""
    import gymnasium

    if task != "Breakout":
        import mujoco  # type: ignore[import-untyped]

        mujoco.set_mju_user_warning(lambda _: None)  # of Gymnasium's models, in each process
        return gymnasium.make(task)
    import ale_py
    from gymnasium.wrappers import AtariPreprocessing

    gymnasium.register_envs(ale_py)
    game = gymnasium.make("ALE/Breakout-v5", frameskip=1, repeat_action_probability=0.0, obs_type="grayscale")
    return AtariPreprocessing(game, frame_skip=4)


def envpool(task: str, n: int, seed: int) -> Contender:
    import envpool  # type: ignore[import-not-found]

    threads = min(n, len(os.sched_getaffinity(0)))
    vector = envpool.make(task, env_type="gymnasium", num_envs=n, num_threads=threads, seed=seed)
    vector.reset()
    return vector.step, vector.action_space, (), vector.close


def cpu_seconds(processes: Sequence[int]) -> float:
    """Processor time of this process with all its threads, and of others."""
    ticks = sum(
        sum(map(int, Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]))
        for pid in processes
    )
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    name, settings = sys.argv[1], json.loads(sys.argv[2])
    n, seconds = settings["envs"], settings["seconds"]
    make = {"ours": ours, "raw": raw, "gymnasium": gymnasium, "envpool": envpool}[name]
    step, space, processes, close = make(settings["task"], n, settings["seed"])
    random = np.random.default_rng(settings["seed"])
    if hasattr(space, "n"):
        actions = random.integers(space.n, size=(200, n))
    else:
        actions = random.uniform(space.low, space.high, (200, n, *space.shape)).astype(space.dtype)
    for chosen in actions[: settings["warm_up"]]:
        step(chosen)
    load, clock = os.getloadavg()[0], [time.perf_counter()]
    started_cpu = cpu_seconds(processes)
    while clock[-1] - clock[0] < seconds:
        step(actions[len(clock) % len(actions)])
        clock.append(time.perf_counter())
    passed, steps = clock[-1] - clock[0], len(clock) - 1
    result = {
        "steps_per_second": steps * n / passed,
        "agent_steps": steps * n,
        "seconds": passed,
        "cpu_seconds": cpu_seconds(processes) - started_cpu,
        "quick_step_ms": float(np.percentile(np.diff(clock), 5)) * 1000,  # of the whole vector
        "load_before": load,
        "versions": {package: version(package) for package in PACKAGES[name]},
    }
    print(json.dumps(result), flush=True)
    close()


if __name__ == "__main__":
    main()
