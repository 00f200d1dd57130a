"""What Rainbow has besides C51, in plain PyTorch and NumPy: noisy dueling network, n steps, and prioritised replay."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import gymnasium
import numpy as np
import torch
from plain_parts import Nature, Replay
from torch import Tensor, nn
from torch.nn.functional import linear


class NoisyLinear(nn.Module):
    """A linear layer whose weights have factorised noise, until `reset_noise` draws another.

    Args:
        inputs: I.
        outputs: O.
        sigma: the noise at first, before it is divided by the root of I.
    """

    weight_noise: Tensor
    bias_noise: Tensor

    def __init__(self, inputs: int, outputs: int, sigma: float) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((outputs, inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((outputs,), sigma * bound))
        self.register_buffer("weight_noise", torch.empty(outputs, inputs))
        self.register_buffer("bias_noise", torch.empty(outputs))
        self.reset_noise()

    def reset_noise(self) -> None:
        noise_out, noise_in = self._draw(self.weight.shape[0]), self._draw(self.weight.shape[1])
        self.weight_noise.copy_(torch.outer(noise_out, noise_in))
        self.bias_noise.copy_(noise_out)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight + self.weight_sigma * self.weight_noise
        return linear(x, weight, self.bias + self.bias_sigma * self.bias_noise)

    def _draw(self, n: int) -> Tensor:
        drawn = torch.randn(n, device=self.weight.device)
        return drawn.sign() * drawn.abs().sqrt()


class RainbowNetwork(nn.Module):
    """Logits `[N, A, K]`."""

    def __init__(self, n_actions: int, n_atoms: int, sigma: float) -> None:
        super().__init__()
        self.n_actions, self.n_atoms = n_actions, n_atoms
        self.convolutions = nn.Sequential(*Nature().layers[:-2])
        self.value = self._stream(n_atoms, sigma)
        self.advantages = self._stream(n_actions * n_atoms, sigma)

    def forward(self, frames: Tensor) -> Tensor:
        features = self.convolutions(frames / 255.0)
        value = self.value(features).unsqueeze(1)
        advantages = self.advantages(features).view(-1, self.n_actions, self.n_atoms)
        return value + advantages - advantages.mean(1, keepdim=True)

    def reset_noise(self) -> None:
        for layer in self.modules():
            if isinstance(layer, NoisyLinear):
                layer.reset_noise()

    def _stream(self, outputs: int, sigma: float) -> nn.Sequential:
        return nn.Sequential(NoisyLinear(64 * 7 * 7, 512, sigma), nn.ReLU(), NoisyLinear(512, outputs, sigma))


class NStep:
    """Makes transitions over n steps of those over one."""

    def __init__(self, n: int, discount_factor: float) -> None:
        self.n, self.discount_factor = n, discount_factor
        self._steps: deque[tuple[Any, ...]] = deque()

    def add(
        self,
        observation: Any,
        action: Any,
        reward: float,
        next_observation: Any,
        terminated: bool,
        over: bool,
    ) -> list[tuple[Any, ...]]:
        """What is complete with this step: at most one transition, or at an episode's end all that are under way.

        A truncated episode's last ones, which are too short to have the discount of n steps, are left out.
        """
        self._steps.append((observation, action, reward))
        done = []
        if len(self._steps) == self.n or terminated:
            done.append(self._first(next_observation, terminated))
            while terminated and self._steps:
                done.append(self._first(next_observation, terminated))
        if over:
            self._steps.clear()
        return done

    def _first(self, next_observation: Any, terminated: bool) -> tuple[Any, ...]:
        total = sum(self.discount_factor**i * step[2] for i, step in enumerate(self._steps))
        observation, action, _ = self._steps.popleft()
        return observation, action, total, next_observation, terminated


class PrioritizedReplay(Replay):
    """Draws a transition by its priority, which a tree of sums finds."""

    def __init__(
        self, size: int, env: gymnasium.Env, generator: np.random.Generator, device: str = "cpu"
    ) -> None:
        super().__init__(size, env, generator, device)
        self._leaves = 1 << (size - 1).bit_length()
        self._sums = np.zeros(2 * self._leaves)  # node i has the children 2i and 2i + 1
        self._largest = 1.0

    def add(self, *transition: Any) -> int:
        at = super().add(*transition)
        self._set(np.array([at]), np.array([self._largest]))
        return at

    def sample_prioritized(
        self, n: int, alpha: float, beta: float
    ) -> tuple[tuple[Tensor, ...], np.ndarray, Tensor]:
        """Transitions, where they lie, and how much each counts."""
        wanted = (np.arange(n) + self.generator.random(n)) * (self._sums[1] / n)
        nodes = np.ones(n, np.int64)
        while nodes[0] < self._leaves:
            nodes *= 2
            right = wanted >= self._sums[nodes]
            wanted -= right * self._sums[nodes]
            nodes += right
        # rounding may lead past the last one
        indices = np.minimum(nodes - self._leaves, min(self.stored, self.size) - 1)
        weights = self._sums[indices + self._leaves] ** -beta
        weights = torch.from_numpy((weights / weights.max()).astype(np.float32)).to(self.device)
        return self.at(indices), indices, weights

    def set_priorities(self, indices: np.ndarray, losses: np.ndarray, alpha: float) -> None:
        priorities = (np.abs(losses) + 1e-6) ** alpha
        self._largest = max(self._largest, float(priorities.max()))
        self._set(indices, priorities)

    def _set(self, indices: np.ndarray, priorities: np.ndarray) -> None:
        nodes = indices + self._leaves
        self._sums[nodes] = priorities
        while nodes[0] > 1:
            nodes //= 2
            self._sums[nodes] = self._sums[2 * nodes] + self._sums[2 * nodes + 1]
