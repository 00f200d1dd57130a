"""DQN, C51 and Rainbow in plain PyTorch, on Breakout or, DQN alone, CartPole."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from measured import Stopwatch, report, settings
from plain_parts import Nature, Replay, make_env, mlp
from plain_rainbow_parts import NStep, PrioritizedReplay, RainbowNetwork
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss


class Values:
    """Action values, and the losses of DQN.

    Args:
        given: the settings.
        inputs: numbers in an observation, where it is a vector.
        n_actions: A.
    """

    def __init__(self, given: Mapping[str, Any], inputs: int, n_actions: int) -> None:
        self.network = self.make_network(given, inputs, n_actions).to(given["device"])
        self.target = copy.deepcopy(self.network)
        self.discount_factor = given["discount_factor"]

    def make_network(self, given: Mapping[str, Any], inputs: int, n_actions: int) -> nn.Module:
        if given["environment"] == "Breakout":
            return nn.Sequential(Nature(), nn.Linear(512, n_actions))
        return mlp(inputs, given["hidden"], n_actions, nn.ReLU)

    def values(self, observations: Tensor) -> Tensor:
        return self.network(observations)

    def losses(self, batch: tuple[Tensor, ...]) -> Tensor:
        """The loss of each transition, `[N]`."""
        observations, actions, rewards, next_observations, terminated = batch
        with torch.no_grad():
            next_values = self.target(next_observations).max(1).values
            targets = rewards + self.discount_factor * (1 - terminated) * next_values
        values = self.network(observations).gather(1, actions.unsqueeze(1)).squeeze(1)
        return smooth_l1_loss(values, targets, reduction="none")


class Distributions(Values):
    """Distributions of returns on K atoms, and the losses of C51, or of Rainbow."""

    def __init__(self, given: Mapping[str, Any], inputs: int, n_actions: int) -> None:
        super().__init__(given, inputs, n_actions)
        self.n_actions, self.n_atoms = n_actions, given["n_atoms"]
        self.v_min, self.v_max = given["v_min"], given["v_max"]
        self.atoms = torch.linspace(self.v_min, self.v_max, self.n_atoms, device=given["device"])
        self.double = given["algorithm"] == "rainbow"
        self.discount = self.discount_factor ** given.get("n_steps", 1)

    def make_network(self, given: Mapping[str, Any], inputs: int, n_actions: int) -> nn.Module:
        if given["algorithm"] == "rainbow":
            return RainbowNetwork(n_actions, given["n_atoms"], given["noisy_sigma"])
        return nn.Sequential(Nature(), nn.Linear(512, n_actions * given["n_atoms"]))

    def logits(self, network: nn.Module, observations: Tensor) -> Tensor:
        return network(observations).view(-1, self.n_actions, self.n_atoms)

    def values(self, observations: Tensor) -> Tensor:
        return self.logits(self.network, observations).softmax(2) @ self.atoms

    def losses(self, batch: tuple[Tensor, ...]) -> Tensor:
        """The loss of each transition, `[N]`."""
        if isinstance(self.network, RainbowNetwork):
            self.network.reset_noise()
            self.target.reset_noise()
        observations, actions, rewards, next_observations, terminated = batch
        rows = torch.arange(len(actions), device=actions.device)
        with torch.no_grad():
            probabilities = self.logits(self.target, next_observations).softmax(2)
            next_values = self.values(next_observations) if self.double else probabilities @ self.atoms
            probabilities = probabilities[rows, next_values.argmax(1)]
            targets = self.project(rewards, self.discount * (1 - terminated), probabilities)
        log_probabilities = self.logits(self.network, observations)[rows, actions].log_softmax(1)
        return -(targets * log_probabilities).sum(1)

    def project(self, rewards: Tensor, discounts: Tensor, probabilities: Tensor) -> Tensor:
        """The distribution of reward + discount * return, shared out to the atoms below and above."""
        shifted = rewards.unsqueeze(1) + discounts.unsqueeze(1) * self.atoms
        places = (shifted.clamp(self.v_min, self.v_max) - self.v_min) / (self.atoms[1] - self.atoms[0])
        below = places.floor().clamp(0, self.n_atoms - 2)
        above_share, below = places - below, below.long()
        projected = torch.zeros_like(probabilities)
        projected.scatter_add_(1, below, probabilities * (1 - above_share))
        projected.scatter_add_(1, below + 1, probabilities * above_share)
        return projected


def train(given: Mapping[str, Any]) -> dict[str, Any]:
    generator, env = np.random.default_rng(given["seed"]), make_env(given)
    n_actions, rainbow = int(env.action_space.n), given["algorithm"] == "rainbow"
    learner = (Values if given["algorithm"] == "dqn" else Distributions)(
        given, env.observation_space.shape[0], n_actions
    )
    replay = (PrioritizedReplay if rainbow else Replay)(
        given["replay_buffer_size"], env, generator, given["device"]
    )
    steps = NStep(given["n_steps"], given["discount_factor"]) if rainbow else None
    optimizer = torch.optim.Adam(learner.network.parameters(), lr=given["lr"])
    exploration, end, updates = given.get("exploration", 0.0), given["warm_up"] + given["frames"], 0
    stopwatch = Stopwatch(learner.network.parameters())
    observation, _ = env.reset(seed=given["seed"])
    for step in range(1, end + 1):
        if generator.random() < exploration:
            action = int(generator.integers(n_actions))
        else:
            with torch.no_grad():
                state = torch.from_numpy(observation).unsqueeze(0).to(given["device"])
                action = int(learner.values(state).argmax())
        next_observation, reward, terminated, truncated, _ = env.step(action)
        transition = (observation, action, reward, next_observation, terminated)
        for kept in [transition] if steps is None else steps.add(*transition, truncated):
            replay.add(*kept)
        observation = env.reset()[0] if terminated or truncated else next_observation
        if step >= given["replay_start_size"] and step % given["update_frequency"] == 0:
            update(learner, optimizer, replay, given, step / end)
            updates += 1
            if updates % given["target_update_frequency"] == 0:
                learner.target.load_state_dict(learner.network.state_dict())
        if step == given["warm_up"]:
            stopwatch.start()
    return stopwatch.stop(given["frames"])


def update(
    learner: Values,
    optimizer: torch.optim.Optimizer,
    replay: Replay,
    given: Mapping[str, Any],
    progress: float,
) -> None:
    """One step of the optimizer; priorities correct the more, the more of the training has passed."""
    if isinstance(replay, PrioritizedReplay):
        initial = given["priority_initial_beta"]
        beta = initial + progress * (1 - initial)
        batch, indices, weights = replay.sample_prioritized(
            given["minibatch_size"], given["priority_alpha"], beta
        )
        losses = learner.losses(batch)
        loss = (weights * losses).mean()
    else:
        losses = learner.losses(replay.sample(given["minibatch_size"]))
        loss = losses.mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if isinstance(replay, PrioritizedReplay):
        replay.set_priorities(indices, losses.detach().cpu().numpy(), given["priority_alpha"])


def main() -> None:
    given = settings()
    torch.manual_seed(given["seed"])
    report(train(given))


if __name__ == "__main__":
    main()
