"""What the TorchRL contenders share: environments, networks, and the loop of the off-policy ones.

Of the ways that its documentation has, the fastest was taken: Gymnasium's wrappers for Atari (its own `Resize` needs
torchvision, and stores floats), Gymnasium's vectors without autoreset instead of its own, and for single environments
`step_and_maybe_reset` instead of a collector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ale_py
import gymnasium
import numpy as np
import torch
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation, TransformReward
from measured import Stopwatch
from tensordict import TensorDict
from torch import Tensor, nn
from torchrl.data import LazyTensorStorage, TensorDictReplayBuffer
from torchrl.envs import (
    DoubleToFloat,
    EnvBase,
    ExplorationType,
    GymWrapper,
    TransformedEnv,
    set_exploration_type,
)
from torchrl.modules import MLP, ConvNet


class EpisodicLives(gymnasium.Wrapper):
    """Ends an episode with each life, and starts the next one where the game goes on."""

    lives = 0

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        lost, self.lives = info["lives"] < self.lives, info["lives"]
        return observation, reward, terminated or lost, truncated, info

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.step(0)[::4] if self.lives else self.env.reset(**kwargs)
        self.lives = info["lives"]
        return observation, info


class Scale(nn.Module):
    """Maps bytes to the unit interval."""

    def forward(self, x: Tensor) -> Tensor:
        return x / 255


def features() -> nn.Sequential:
    """The layers of the Nature network, the convolutions' and the one of 512."""
    convolutions = ConvNet(
        activation_class=nn.ReLU, num_cells=[32, 64, 64], kernel_sizes=[8, 4, 3], strides=[4, 2, 1]
    )
    last = MLP(3136, 512, num_cells=[], activation_class=nn.ReLU, activate_last_layer=True)
    return nn.Sequential(Scale(), convolutions, last)


def make_environments(given: dict[str, Any]) -> EnvBase:
    """The environments of this workload: a single one, or several as one.

    They are stepped one after the other in this process, but for games where there are cores for them.
    """
    torch.manual_seed(given["seed"])
    gymnasium.register_envs(ale_py)
    name, n = given["environment"], given["n_envs"]

    def make() -> gymnasium.Env:
        if name != "Breakout":
            return gymnasium.make(name)
        env = gymnasium.make("BreakoutNoFrameskip-v4", obs_type="grayscale")
        env = EpisodicLives(AtariPreprocessing(env, frame_skip=given["frame_skip"]))
        return FrameStackObservation(TransformReward(env, np.sign), 4)

    several = n > 1
    kind = AsyncVectorEnv if name == "Breakout" and given["threads"] > 4 else SyncVectorEnv
    gym = kind([make] * n, autoreset_mode=AutoresetMode.DISABLED) if several else make()
    env = GymWrapper(gym, categorical_action_encoding=True, device=given["device"])
    env.set_seed(given["seed"])
    return TransformedEnv(env, DoubleToFloat()) if name == "HalfCheetah-v5" else env


def make_buffer(given: dict[str, Any]) -> TensorDictReplayBuffer:
    storage = LazyTensorStorage(given["replay_buffer_size"])
    return TensorDictReplayBuffer(storage=storage, batch_size=given["minibatch_size"])


def measure(
    env: EnvBase,
    policy: Callable[[TensorDict], TensorDict],
    buffer: TensorDictReplayBuffer,
    update: Callable[[TensorDict], None],
    stopwatch: Stopwatch,
    given: dict[str, Any],
) -> dict[str, Any]:
    """Train off-policy in one environment."""
    state = env.reset()
    for step in range(given["warm_up"] + given["frames"]):
        if step == given["warm_up"]:
            stopwatch.start()
        if step < given["replay_start_size"]:
            state = env.rand_action(state)
        else:
            with torch.no_grad(), set_exploration_type(ExplorationType.RANDOM):
                state = policy(state)
        transition, state = env.step_and_maybe_reset(state)
        buffer.add(transition)
        if step >= given["replay_start_size"] and (step + 1) % given["update_frequency"] == 0:
            update(buffer.sample().to(given["device"]))
    return stopwatch.stop(given["frames"])
