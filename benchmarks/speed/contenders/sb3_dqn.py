"""Stable-Baselines3's DQN on Breakout, with its own Atari wrappers, and without a logger."""

from __future__ import annotations

from typing import Any

import ale_py
import gymnasium
from measured import Stopwatch, report, settings
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack


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


def main() -> None:
    given = settings()
    gymnasium.register_envs(ale_py)
    env = make_atari_env(
        "BreakoutNoFrameskip-v4",
        seed=given["seed"],
        wrapper_kwargs={"frame_skip": given["frame_skip"]},
    )
    model = DQN(
        "CnnPolicy",
        VecFrameStack(env, n_stack=4),
        learning_rate=given["lr"],
        batch_size=given["minibatch_size"],
        train_freq=given["update_frequency"],
        gradient_steps=1,
        # Counted in agent steps here, in updates by ours.
        target_update_interval=given["target_update_frequency"] * given["update_frequency"],
        buffer_size=given["replay_buffer_size"],
        learning_starts=given["replay_start_size"],
        optimize_memory_usage=False,
        exploration_initial_eps=given["exploration"],
        exploration_final_eps=given["exploration"],
        seed=given["seed"],
        device="cpu",
    )
    measure = Measure(Stopwatch(model.q_net.parameters()), given["warm_up"], given["frames"])
    model.learn(given["warm_up"] + given["frames"] + 1, callback=measure)
    report(measure.result, "stable-baselines3")


if __name__ == "__main__":
    main()
