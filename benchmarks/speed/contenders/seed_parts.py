"""What the contenders of the autonomous-learning-library share: its environments, and its control loops without logging."""

from __future__ import annotations

from typing import Any

import ale_py
import gymnasium
import numpy as np
import torch
from measured import Stopwatch

# Gone since Gymnasium 1.0; the library calls it when it is imported.
gymnasium.logger.set_level = lambda level: setattr(gymnasium.logger, "min_level", level)

from all.agents import Agent, ParallelAgent  # noqa: E402
from all.environments import (  # noqa: E402
    AtariEnvironment,
    DuplicateEnvironment,
    Environment,
    GymEnvironment,
    GymVectorEnvironment,
    MujocoEnvironment,
    VectorEnvironment,
)


def seed_generators(seed: int) -> None:
    """Seed the global generators, from which the library draws."""
    np.random.seed(seed)  # noqa: TID251
    torch.manual_seed(seed)


def make_environment(given: dict[str, Any]) -> Environment:
    """One environment of this workload. Those of Atari always skip four frames; their frames are stacked by the agent."""
    name = given["environment"]
    if name == "Breakout":
        gymnasium.register_envs(ale_py)
        return AtariEnvironment(name)
    return GymEnvironment(name) if name == "CartPole-v1" else MujocoEnvironment(name)


def measure(agent: Agent, env: Environment, stopwatch: Stopwatch, given: dict[str, Any]) -> dict[str, Any]:
    """Train one agent in one environment, as the library's SingleEnvExperiment does.

    The agent acts once more at the end of each episode, and may learn then.
    """
    state = env.reset()
    for step in range(given["warm_up"] + given["frames"]):
        if step == given["warm_up"]:
            stopwatch.start()
        if state.done:
            agent.act(state)
            state = env.reset()
        state = env.step(agent.act(state))
    return stopwatch.stop(given["frames"])


def make_environments(given: dict[str, Any]) -> VectorEnvironment:
    """All environments of this workload; those of CartPole step together, which is faster than one after the other."""
    name, n = given["environment"], given["n_envs"]
    if name == "CartPole-v1":
        vector = gymnasium.make_vec(name, n, vectorization_mode="vector_entry_point")
        return GymVectorEnvironment(vector, name)
    return DuplicateEnvironment([make_environment(given) for _ in range(n)])


def measure_parallel(
    agent: ParallelAgent, envs: VectorEnvironment, stopwatch: Stopwatch, given: dict[str, Any]
) -> dict[str, Any]:
    """Train one agent in several environments, as the library's ParallelEnvExperiment does.

    It learns when it is to act after a rollout, so that the clock starts and stops just before learning.
    """
    states = envs.reset()
    for step in range(0, given["warm_up"] + given["frames"], given["n_envs"]):
        if step == given["warm_up"]:
            stopwatch.start()
        states = envs.step(agent.act(states))
    return stopwatch.stop(given["frames"])
