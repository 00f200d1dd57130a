"""What the plain baselines share: Gymnasium's environments with its own wrappers, and networks as one writes them down.

They are lean single-file implementations in plain PyTorch: nothing needless, and nothing clever either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ale_py
import gymnasium
import mujoco
import numpy as np
import torch
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.wrappers import AtariPreprocessing, ClipAction, ClipReward, FrameStackObservation
from torch import Tensor, nn

gymnasium.register_envs(ale_py)
mujoco.set_mju_user_warning(lambda _: None)  # of Gymnasium's models

FIRE = 1


class EpisodicLife(gymnasium.Wrapper):
    """A lost life ends the learner's episode; the game itself starts anew only when it is over. Episodes begin with FIRE."""

    def __init__(self, env: gymnasium.Env) -> None:
        super().__init__(env)
        self._lives, self._over = 0, True

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        if self._over:
            self.env.reset(**options)
        observation, _, _, _, info = self.env.step(FIRE)
        self._lives, self._over = info["lives"], False
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._over = terminated or truncated
        lost = info["lives"] < self._lives
        self._lives = info["lives"]
        return observation, reward, terminated or lost, truncated, info


def make_env(given: Mapping[str, Any]) -> gymnasium.Env:
    """One environment with the usual wrappers."""
    if given["environment"] != "Breakout":
        env = gymnasium.make(given["environment"])
        return ClipAction(env) if isinstance(env.action_space, gymnasium.spaces.Box) else env
    env = gymnasium.make("ALE/Breakout-v5", frameskip=1, repeat_action_probability=0.0, obs_type="grayscale")
    env = AtariPreprocessing(env, frame_skip=given["frame_skip"])
    return ClipReward(FrameStackObservation(EpisodicLife(env), 4), -1, 1)


def make_vector(given: Mapping[str, Any]) -> VectorEnv:
    """All environments; one that is done shows the first observation of its next episode at once.

    Processes of their own pay for games; simulators as quick as CartPole cost less than talking to a process.
    """
    makers: Sequence[Callable[[], gymnasium.Env]] = [lambda: make_env(given)] * given["n_envs"]
    vector = AsyncVectorEnv if given["environment"] == "Breakout" else SyncVectorEnv
    return vector(makers, autoreset_mode=AutoresetMode.SAME_STEP)


class Nature(nn.Module):
    """Features `[N, 512]` of stacked frames of bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(4, 32, 8, stride=4), nn.ReLU()),
            *(nn.Conv2d(32, 64, 4, stride=2), nn.ReLU()),
            *(nn.Conv2d(64, 64, 3, stride=1), nn.ReLU(), nn.Flatten()),
            *(nn.Linear(64 * 7 * 7, 512), nn.ReLU()),
        )

    def forward(self, frames: Tensor) -> Tensor:
        return self.layers(frames / 255.0)


def mlp(inputs: int, hidden: Sequence[int], outputs: int, activation: type[nn.Module]) -> nn.Sequential:
    """A fully connected network."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), activation()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def orthogonal(module: nn.Module, gain: float = np.sqrt(2)) -> nn.Module:
    """Begin with orthogonal weights, and biases at zero."""
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.orthogonal_(layer.weight, gain)
            nn.init.zeros_(layer.bias)
    return module


class Replay:
    """A ring of transitions; observations lie in it twice, as they came and as what came next.

    Args:
        size: transitions.
        env: whose observations and actions are kept.
        generator: draws the minibatches.
        device: where minibatches are wanted.
    """

    def __init__(
        self, size: int, env: gymnasium.Env, generator: np.random.Generator, device: str = "cpu"
    ) -> None:
        of_observation, of_action = env.observation_space, env.action_space
        self.size, self.generator, self.device = size, generator, device
        self.observations = np.zeros((size, *of_observation.shape), narrow(of_observation.dtype))
        self.next_observations = np.zeros_like(self.observations)
        self.actions = np.zeros((size, *of_action.shape), narrow(of_action.dtype))
        self.rewards = np.zeros(size, np.float32)
        self.terminated = np.zeros(size, np.float32)
        self.stored = 0

    def add(
        self,
        observation: np.ndarray,
        action: Any,
        reward: float,
        next_observation: np.ndarray,
        terminated: bool,
    ) -> int:
        """Keep a transition; where it lies."""
        at = self.stored % self.size
        self.observations[at] = observation
        self.next_observations[at] = next_observation
        self.actions[at] = action
        self.rewards[at] = reward
        self.terminated[at] = terminated
        self.stored += 1
        return at

    def sample(self, n: int) -> tuple[Tensor, ...]:
        """Observations, actions, rewards, next observations and whether those are terminal."""
        return self.at(self.generator.integers(min(self.stored, self.size), size=n))

    def at(self, indices: np.ndarray) -> tuple[Tensor, ...]:
        """The same of these transitions."""
        kept = (self.observations, self.actions, self.rewards, self.next_observations, self.terminated)
        return tuple(torch.from_numpy(array[indices]).to(self.device) for array in kept)


def narrow(dtype: Any) -> Any:
    """Single precision in place of double."""
    return np.float32 if dtype == np.float64 else dtype
