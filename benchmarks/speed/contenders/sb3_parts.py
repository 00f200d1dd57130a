"""What the Stable-Baselines3 contenders share: its environments, with its own wrappers, and the stopwatch as a callback."""

from __future__ import annotations

from typing import Any

import ale_py
import gymnasium
from measured import Stopwatch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv, VecFrameStack


class Measure(BaseCallback):
    """Starts the stopwatch after the warm-up, stops it, and ends the training, `frames` agent steps later."""

    def __init__(self, stopwatch: Stopwatch, warm_up: int, frames: int) -> None:
        super().__init__()
        self.stopwatch, self.warm_up, self.frames = stopwatch, warm_up, frames
        self.result: dict[str, Any] = {}

    def _on_step(self) -> bool:
        if self.num_timesteps == self.warm_up:
            self.stopwatch.start()
        if self.num_timesteps == self.warm_up + self.frames:
            self.result = self.stopwatch.stop(self.frames)
            return False
        return True


def make_environments(given: dict[str, Any]) -> VecEnv:
    """The environments of this workload: games in processes of their own where there are cores for them, else one after the other.

    Two cores step eight Atari games faster in this process than in a process for each.
    """
    name, n, seed = given["environment"], given["n_envs"], given["seed"]
    if name != "Breakout":
        return make_vec_env(name, n, seed=seed, vec_env_cls=DummyVecEnv)
    gymnasium.register_envs(ale_py)
    wrappers = {"frame_skip": given["frame_skip"]}
    kind = SubprocVecEnv if n > 1 and given["threads"] > 4 else DummyVecEnv
    env = make_atari_env("BreakoutNoFrameskip-v4", n, seed=seed, wrapper_kwargs=wrappers, vec_env_cls=kind)
    return VecFrameStack(env, n_stack=4)


def measure(model: BaseAlgorithm, stopwatch: Stopwatch, given: dict[str, Any]) -> dict[str, Any]:
    """Train with the stopwatch; give its result."""
    callback = Measure(stopwatch, given["warm_up"], given["frames"])
    model.learn(given["warm_up"] + given["frames"] + 1, callback=callback)
    return callback.result
