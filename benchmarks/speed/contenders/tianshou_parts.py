"""What the Tianshou contenders share: environments, networks, and the loop of collecting and updating.

The loop is that of Tianshou's trainers, without them: they look through the whole replay buffer for NaN after each
collection, whatever they are told, which makes a training with 100,000 transitions ten times slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ale_py
import gymnasium
import numpy as np
import torch
from measured import Stopwatch
from tianshou.algorithm.algorithm_base import Algorithm
from tianshou.data import Collector, ReplayBuffer
from tianshou.env import BaseVectorEnv, DummyVectorEnv, SubprocVectorEnv
from tianshou.env.atari import atari_wrapper
from tianshou.env.atari.atari_network import DQNet
from tianshou.utils.torch_utils import policy_within_training_step
from torch import Tensor, nn

# It gives `np.integer`, of which NumPy 2.4 makes no dtype any longer.
atari_wrapper.get_space_dtype = lambda space: space.dtype

#: Of replay buffers of Atari frames: store each frame once, and stack four when sampling.
FRAMES_ONCE = {"stack_num": 4, "ignore_obs_next": True, "save_only_last_obs": True}


class Scale(nn.Module):
    """Maps bytes to the unit interval; the library's wrapper does it in NumPy, in double precision, and is slower."""

    def forward(self, x: Tensor) -> Tensor:
        return x / 255


def with_scale(network: DQNet) -> DQNet:
    """The same network for bytes."""
    network.net = nn.Sequential(Scale(), network.net)
    return network


def make_environments(given: dict[str, Any]) -> BaseVectorEnv:
    """The environments of this workload, with Tianshou's own wrappers.

    One after the other in this process, but for games where there are cores for them: on two, eight are not faster in processes of
    their own.
    """
    # The library draws from the global generators.
    np.random.seed(given["seed"])  # noqa: TID251
    torch.manual_seed(given["seed"])
    atari = given["environment"] == "Breakout"
    if atari:
        gymnasium.register_envs(ale_py)

    def make() -> gymnasium.Env:
        if atari:
            return atari_wrapper.wrap_deepmind(gymnasium.make("BreakoutNoFrameskip-v4"))
        return gymnasium.make(given["environment"])

    several = atari and given["n_envs"] > 1 and given["threads"] > 4
    envs = (SubprocVectorEnv if several else DummyVectorEnv)([make] * given["n_envs"])
    envs.seed(given["seed"])
    return envs


def spaces(envs: BaseVectorEnv) -> tuple[Any, Any]:
    """The spaces of a wrapped environment's observations and actions; the vector has those without wrappers."""
    return envs.get_env_attr("observation_space", [0])[0], envs.get_env_attr("action_space", [0])[0]


def measure(
    algorithm: Algorithm,
    collector: Collector,
    update: Callable[[ReplayBuffer], object],
    learnt: nn.Module,
    given: dict[str, Any],
    *,
    steps: int,
) -> dict[str, Any]:
    """Collect so many agent steps and update, again and again, once the replay buffer has begun to fill."""
    stopwatch = Stopwatch(parameter for parameter in learnt.parameters() if parameter.requires_grad)
    collector.reset()
    start = given.get("replay_start_size", 0)
    with policy_within_training_step(algorithm.policy):
        if start:
            collector.collect(n_step=start, random=True)
        for step in range(start, given["warm_up"] + given["frames"], steps):
            if step == given["warm_up"]:
                stopwatch.start()
            collector.collect(n_step=steps)
            update(collector.buffer)
    return stopwatch.stop(given["frames"])
