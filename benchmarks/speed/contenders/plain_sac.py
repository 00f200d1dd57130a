"""SAC in plain PyTorch, on HalfCheetah."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from measured import Stopwatch, report, settings
from plain_parts import Replay, make_env, mlp
from torch import Tensor, nn
from torch.distributions import Distribution, Normal
from torch.nn.functional import mse_loss

Distribution.set_default_validate_args(False)
LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0


class Actor(nn.Module):
    """Actions between -1 and 1, as HalfCheetah's are, and their log-probabilities `[N, 1]`."""

    def __init__(self, inputs: int, hidden: list[int], n_actions: int) -> None:
        super().__init__()
        self.layers = mlp(inputs, hidden, 2 * n_actions, nn.ReLU)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        policy = self.policy(states)
        drawn = policy.rsample()
        actions = drawn.tanh()
        log_probs = policy.log_prob(drawn) - torch.log(1 - actions.square() + 1e-6)
        return actions, log_probs.sum(1, keepdim=True)

    def policy(self, states: Tensor) -> Normal:
        """How actions are distributed before they are squashed."""
        mean, log_std = self.layers(states).chunk(2, 1)
        log_std = LOG_STD_MIN + 0.5 * (LOG_STD_MAX - LOG_STD_MIN) * (log_std.tanh() + 1)
        return Normal(mean, log_std.exp())


class Critics(nn.Module):
    """The values of two networks, each `[N, 1]`."""

    def __init__(self, inputs: int, hidden: list[int]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(mlp(inputs, hidden, 1, nn.ReLU) for _ in range(2))

    def forward(self, states: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        pairs = torch.cat((states, actions), 1)
        return self.networks[0](pairs), self.networks[1](pairs)


class Learner:
    """The networks with their optimizers."""

    def __init__(self, given: Mapping[str, Any], n_inputs: int, n_actions: int) -> None:
        self.discount_factor, self.target_rate = given["discount_factor"], given["target_rate"]
        self.actor = Actor(n_inputs, given["hidden"], n_actions).to(given["device"])
        self.critics = Critics(n_inputs + n_actions, given["hidden"]).to(given["device"])
        self.targets = copy.deepcopy(self.critics)
        self.log_temperature = torch.zeros(1, requires_grad=True, device=given["device"])
        self.target_entropy = -n_actions
        self.actor_optimizer = torch.optim.Adam(self.actor.parameters(), lr=given["lr"])
        self.critic_optimizer = torch.optim.Adam(self.critics.parameters(), lr=given["lr"])
        self.temperature_optimizer = torch.optim.Adam([self.log_temperature], lr=given["lr"])

    def update(self, batch: tuple[Tensor, ...]) -> None:
        states, actions, rewards, next_states, terminated = batch
        temperature = self.log_temperature.detach().exp()
        with torch.no_grad():
            next_actions, next_log_probs = self.actor(next_states)
            next_values = torch.min(*self.targets(next_states, next_actions)) - temperature * next_log_probs
            going_on = self.discount_factor * (1 - terminated).unsqueeze(1)
            wanted = rewards.unsqueeze(1) + going_on * next_values
        first, second = self.critics(states, actions)
        self.descend(self.critic_optimizer, mse_loss(first, wanted) + mse_loss(second, wanted))

        actions, log_probs = self.actor(states)
        values = torch.min(*self.critics(states, actions))
        self.descend(self.actor_optimizer, (temperature * log_probs - values).mean())

        lacking = log_probs.detach() + self.target_entropy
        self.descend(self.temperature_optimizer, -(self.log_temperature.exp() * lacking).mean())

        with torch.no_grad():
            pairs = zip(self.targets.parameters(), self.critics.parameters(), strict=True)
            for target, parameter in pairs:
                target.lerp_(parameter, self.target_rate)

    def descend(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def train(given: Mapping[str, Any]) -> dict[str, Any]:
    generator, env = np.random.default_rng(given["seed"]), make_env(given)
    n_inputs, n_actions = env.observation_space.shape[0], env.action_space.shape[0]
    learner = Learner(given, n_inputs, n_actions)
    replay = Replay(given["replay_buffer_size"], env, generator, given["device"])
    stopwatch = Stopwatch([*learner.actor.parameters(), *learner.critics.parameters()])
    observation, _ = env.reset(seed=given["seed"])
    for step in range(1, given["warm_up"] + given["frames"] + 1):
        if step <= given["replay_start_size"]:
            action = generator.uniform(-1, 1, n_actions).astype(np.float32)
        else:
            with torch.no_grad():
                state = torch.from_numpy(observation.astype(np.float32)).unsqueeze(0).to(given["device"])
                action = learner.actor.policy(state).sample().tanh().squeeze(0).cpu().numpy()
        next_observation, reward, terminated, truncated, _ = env.step(action)
        replay.add(observation, action, reward, next_observation, terminated)
        observation = env.reset()[0] if terminated or truncated else next_observation
        if step >= given["replay_start_size"] and step % given["update_frequency"] == 0:
            learner.update(replay.sample(given["minibatch_size"]))
        if step == given["warm_up"]:
            stopwatch.start()
    return stopwatch.stop(given["frames"])


def main() -> None:
    given = settings()
    torch.manual_seed(given["seed"])
    report(train(given))


if __name__ == "__main__":
    main()
