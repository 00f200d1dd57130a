"""PQN in plain PyTorch, on Breakout; layers are normalised over channels and places together, as torch's layer does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from measured import Stopwatch, report, settings
from plain_parts import make_vector
from torch import Tensor, nn
from torch.nn.functional import mse_loss


class QNetwork(nn.Module):
    """Nature's network with layer normalisation before each ReLU."""

    def __init__(self, n_actions: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(4, 32, 8, stride=4), nn.LayerNorm([32, 20, 20]), nn.ReLU()),
            *(nn.Conv2d(32, 64, 4, stride=2), nn.LayerNorm([64, 9, 9]), nn.ReLU()),
            *(nn.Conv2d(64, 64, 3, stride=1), nn.LayerNorm([64, 7, 7]), nn.ReLU(), nn.Flatten()),
            *(nn.Linear(64 * 7 * 7, 512), nn.LayerNorm(512), nn.ReLU()),
            nn.Linear(512, n_actions),
        )

    def forward(self, frames: Tensor) -> Tensor:
        return self.layers(frames / 255.0)


class Rollout:
    """What T steps of E environments gave, and from where they go on."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.env = make_vector(given)
        self.n_actions = int(self.env.single_action_space.n)
        self.generator, self.exploration = np.random.default_rng(given["seed"]), given["exploration"]
        self.length, shape = given["n_steps"], (given["n_steps"], given["n_envs"])
        self.device = given["device"]
        self.observations = np.zeros((*shape, *self.env.single_observation_space.shape), np.uint8)
        self.actions = np.zeros(shape, np.int64)
        self.rewards, self.dones = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.values = torch.zeros(shape, device=self.device)  # of the best action
        self.observation, _ = self.env.reset(seed=given["seed"])

    @torch.no_grad()
    def collect(self, network: QNetwork) -> Tensor:
        """Play on; the values of where it ends."""
        n_envs = len(self.observation)
        for t in range(self.length):
            self.observations[t] = self.observation
            self.values[t], best = network(torch.from_numpy(self.observation).to(self.device)).max(1)
            at_random = self.generator.random(n_envs) < self.exploration
            self.actions[t] = np.where(
                at_random, self.generator.integers(self.n_actions, size=n_envs), best.cpu().numpy()
            )
            self.observation, self.rewards[t], terminated, truncated, _ = self.env.step(self.actions[t])
            self.dones[t] = terminated | truncated
        return network(torch.from_numpy(self.observation).to(self.device)).max(1).values

    def returns(self, next_values: Tensor, discount_factor: float, lam: float) -> Tensor:
        """The returns Q(lambda), `[T, E]`."""
        rewards = torch.from_numpy(self.rewards).to(self.device)
        going_on = 1 - torch.from_numpy(self.dones).to(self.device)
        returns, following = torch.zeros_like(rewards), next_values
        for t in reversed(range(self.length)):
            mixed = lam * following + (1 - lam) * next_values
            following = rewards[t] + discount_factor * going_on[t] * mixed
            returns[t], next_values = following, self.values[t]
        return returns


def learn(
    network: QNetwork,
    optimizer: torch.optim.Optimizer,
    rollout: Rollout,
    returns: Tensor,
    given: Mapping[str, Any],
) -> None:
    observations = torch.from_numpy(rollout.observations).flatten(0, 1).to(rollout.device)
    actions = torch.from_numpy(rollout.actions).view(-1, 1).to(rollout.device)
    returns = returns.view(-1, 1)
    for _ in range(given["n_epochs"]):
        for rows in torch.randperm(len(returns), device=rollout.device).chunk(given["n_minibatches"]):
            loss = mse_loss(network(observations[rows]).gather(1, actions[rows]), returns[rows])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), given["clip_grad"])
            optimizer.step()


def main() -> None:
    given = settings()
    torch.manual_seed(given["seed"])
    rollout = Rollout(given)
    network = QNetwork(rollout.n_actions).to(given["device"])
    optimizer = torch.optim.RAdam(network.parameters(), lr=given["lr"])
    stopwatch, steps = Stopwatch(network.parameters()), 0
    while steps < given["warm_up"] + given["frames"]:
        if steps == given["warm_up"]:
            stopwatch.start()
        next_values = rollout.collect(network)
        returns = rollout.returns(next_values, given["discount_factor"], given["lam"])
        learn(network, optimizer, rollout, returns, given)
        steps += given["n_envs"] * given["n_steps"]
    report(stopwatch.stop(given["frames"]))
    rollout.env.close()


if __name__ == "__main__":
    main()
