"""The environment, with Gymnasium's interface."""

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete


class Corridor(gymnasium.Env):
    """Walk from the left end to the right one: reward 1 there, and `step_reward` for every step on the way.

    Args:
        length: how many steps it is to the right end.
        step_reward: the reward of a step that does not arrive.
    """

    def __init__(self, length, step_reward=-0.01):
        self.observation_space = Box(0.0, 1.0, (length + 1,), np.float32)
        self.action_space = Discrete(2)  # 0: left, 1: right
        self.length = length
        self.step_reward = step_reward

    def reset(self, *, seed=None, options=None):
        """Go to the left end."""
        super().reset(seed=seed)
        self.place, self.steps = 0, 0
        return self._observation(), {}

    def step(self, action):
        """Take one step; arriving terminates the episode, ten steps per place truncate it."""
        self.place = max(0, self.place + (1 if action == 1 else -1))
        self.steps += 1
        terminated = self.place == self.length
        truncated = not terminated and self.steps == 10 * self.length
        return self._observation(), 1.0 if terminated else self.step_reward, terminated, truncated, {}

    def _observation(self):
        observation = np.zeros(self.length + 1, np.float32)
        observation[self.place] = 1.0
        return observation
