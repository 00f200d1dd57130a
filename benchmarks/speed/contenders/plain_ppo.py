"""PPO in plain PyTorch, on Breakout, CartPole or HalfCheetah."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import torch
from measured import Stopwatch, report, settings
from plain_parts import Nature, make_vector, mlp, narrow, orthogonal
from torch import Tensor, nn
from torch.distributions import Categorical, Distribution, Normal

Distribution.set_default_validate_args(False)


class ActorCritic(nn.Module):
    """Policy and values: on shared features for frames, networks of their own for vectors."""

    def __init__(self, given: Mapping[str, Any], space: gymnasium.Space, actions: gymnasium.Space) -> None:
        super().__init__()
        self.discrete = isinstance(actions, gymnasium.spaces.Discrete)
        n_outputs = int(actions.n) if self.discrete else actions.shape[0]
        self.features: nn.Module = nn.Identity()
        if given["environment"] == "Breakout":
            self.features = orthogonal(Nature())
            self.policy: nn.Module = orthogonal(nn.Linear(512, n_outputs), 0.01)
            self.value: nn.Module = orthogonal(nn.Linear(512, 1), 1.0)
        else:
            self.policy = orthogonal(mlp(space.shape[0], given["hidden"], n_outputs, nn.Tanh))
            self.value = orthogonal(mlp(space.shape[0], given["hidden"], 1, nn.Tanh))
            orthogonal(self.policy[-1], 0.01)
            orthogonal(self.value[-1], 1.0)
        if not self.discrete:
            self.log_std = nn.Parameter(torch.zeros(n_outputs))

    def forward(self, observations: Tensor) -> tuple[Distribution, Tensor]:
        features = self.features(observations)
        outputs, values = self.policy(features), self.value(features).squeeze(1)
        if self.discrete:
            return Categorical(logits=outputs), values
        return Normal(outputs, self.log_std.exp().expand_as(outputs)), values

    def log_prob(self, policy: Distribution, actions: Tensor) -> Tensor:
        log_prob = policy.log_prob(actions)
        return log_prob if self.discrete else log_prob.sum(1)

    def entropy(self, policy: Distribution) -> Tensor:
        return policy.entropy() if self.discrete else policy.entropy().sum(1)


class Rollout:
    """What T steps of E environments gave, and from where they go on."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.env = make_vector(given)
        space, actions = self.env.single_observation_space, self.env.single_action_space
        self.length, shape = given["n_steps"], (given["n_steps"], given["n_envs"])
        self.device = given["device"]
        self.observations = np.zeros((*shape, *space.shape), narrow(space.dtype))
        self.actions = np.zeros((*shape, *actions.shape), narrow(actions.dtype))
        self.rewards, self.dones = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.log_probs, self.values = torch.zeros((2, *shape), device=self.device)
        self.observation = self.env.reset(seed=given["seed"])[0].astype(self.observations.dtype)

    @torch.no_grad()
    def collect(self, model: ActorCritic) -> Tensor:
        """Play on; the values of where it ends."""
        for t in range(self.length):
            self.observations[t] = self.observation
            policy, self.values[t] = model(torch.from_numpy(self.observations[t]).to(self.device))
            actions = policy.sample()
            self.log_probs[t] = model.log_prob(policy, actions)
            self.actions[t] = actions.cpu().numpy()
            self.observation, self.rewards[t], terminated, truncated, _ = self.env.step(self.actions[t])
            self.dones[t] = terminated | truncated
        last = torch.from_numpy(self.observation.astype(self.observations.dtype))
        return model(last.to(self.device))[1]

    def advantages(self, next_values: Tensor, discount_factor: float, lam: float) -> Tensor:
        """Generalised advantage estimates, `[T, E]`."""
        rewards = torch.from_numpy(self.rewards).to(self.device)
        going_on = 1 - torch.from_numpy(self.dones).to(self.device)
        advantages, following = torch.zeros_like(rewards), torch.zeros_like(next_values)
        for t in reversed(range(self.length)):
            errors = rewards[t] + discount_factor * going_on[t] * next_values - self.values[t]
            following = errors + discount_factor * lam * going_on[t] * following
            advantages[t], next_values = following, self.values[t]
        return advantages


def learn(
    model: ActorCritic,
    optimizer: torch.optim.Optimizer,
    rollout: Rollout,
    advantages: Tensor,
    given: Mapping[str, Any],
) -> None:
    observations = torch.from_numpy(rollout.observations).flatten(0, 1).to(rollout.device)
    actions = torch.from_numpy(rollout.actions).flatten(0, 1).to(rollout.device)
    log_probs, returns = rollout.log_probs.flatten(), (advantages + rollout.values).flatten()
    advantages, clip = advantages.flatten(), given["clip_ratio"]
    for _ in range(given["n_epochs"]):
        for rows in torch.randperm(len(advantages), device=rollout.device).chunk(given["n_minibatches"]):
            policy, values = model(observations[rows])
            ratios = (model.log_prob(policy, actions[rows]) - log_probs[rows]).exp()
            chosen = advantages[rows]
            chosen = (chosen - chosen.mean()) / (chosen.std() + 1e-8)
            gains = torch.min(ratios * chosen, ratios.clamp(1 - clip, 1 + clip) * chosen)
            loss = given["value_loss_scaling"] * (values - returns[rows]).square().mean() - gains.mean()
            if given["entropy_loss_scaling"]:
                loss = loss - given["entropy_loss_scaling"] * model.entropy(policy).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), given["clip_grad"])
            optimizer.step()


def main() -> None:
    given = settings()
    torch.manual_seed(given["seed"])
    rollout = Rollout(given)
    model = ActorCritic(given, rollout.env.single_observation_space, rollout.env.single_action_space)
    model.to(given["device"])
    optimizer = torch.optim.Adam(model.parameters(), lr=given["lr"], eps=given["eps"])
    stopwatch, steps = Stopwatch(model.parameters()), 0
    while steps < given["warm_up"] + given["frames"]:
        if steps == given["warm_up"]:
            stopwatch.start()
        next_values = rollout.collect(model)
        advantages = rollout.advantages(next_values, given["discount_factor"], given["lam"])
        learn(model, optimizer, rollout, advantages, given)
        steps += given["n_envs"] * given["n_steps"]
    report(stopwatch.stop(given["frames"]))
    rollout.env.close()


if __name__ == "__main__":
    main()
