"""The autonomous-learning-library's PPO.

Features, values and policy have an optimizer each, so that a minibatch counts as three updates on Breakout and as two
on the others, where no features are shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from measured import Stopwatch, report, settings
from seed_parts import make_environments, measure_parallel, seed_generators
from torch import Tensor

# isort: split
# The library can be imported only once `seed_parts` has been.
from all import nn
from all.agents import PPO, ParallelAgent
from all.approximation import Identity, VNetwork
from all.environments import VectorEnvironment
from all.policies import SoftmaxPolicy
from all.presets import atari, continuous


def mlp(inputs: int, hidden: list[int], outputs: int) -> nn.Module:
    sizes = [inputs, *hidden]
    layers = [layer for size in zip(sizes, hidden) for layer in (nn.Linear(*size), nn.Tanh())]  # noqa: B905
    return nn.Sequential(nn.Float(), *layers, nn.Linear(hidden[-1], outputs))


class GaussianModel(nn.Module):
    """Means and a free logarithm of the variance, as the library's `fc_policy` with other layers."""

    def __init__(self, means: nn.Module, n_actions: int) -> None:
        super().__init__()
        self.means, self.log_variances = means, nn.Parameter(torch.zeros(n_actions))

    def forward(self, observations: Tensor) -> Tensor:
        means = self.means(observations)
        return torch.cat((means, self.log_variances.expand_as(means)), 1)


def make_agent(given: dict[str, Any], env: VectorEnvironment) -> tuple[ParallelAgent, Iterator[Tensor]]:
    """The agent, and what it learns."""
    same_names = ("discount_factor", "lam", "n_envs", "n_steps", "entropy_loss_scaling")
    same = {name: given[name] for name in same_names}
    split = {"epochs": given["n_epochs"], "minibatches": given["n_minibatches"]}
    optimization = {name: given[name] for name in ("lr", "eps", "clip_grad", "value_loss_scaling")}
    clip = {"clip_initial": given["clip_ratio"], "clip_final": given["clip_ratio"]}
    preset_settings = {**same, **split, **optimization, **clip}
    if given["environment"] == "Breakout":
        preset = atari.ppo.device(given["device"]).env(env).hyperparameters(**preset_settings).build()
        models = nn.ModuleList([preset.feature_model, preset.value_model, preset.policy_model])
        return preset.agent(), models.parameters()
    inputs, hidden = env.state_space.shape[0], given["hidden"]
    value_model = mlp(inputs, hidden, 1).to(given["device"])
    if given["environment"] == "CartPole-v1":
        # Its preset for classic control shares all hidden layers: this is the one for continuous control otherwise.
        policy_model = mlp(inputs, hidden, env.action_space.n).to(given["device"])
        adam = {"lr": given["lr"], "eps": given["eps"]}
        v, policy = (
            kind(model, torch.optim.Adam(model.parameters(), **adam), clip_grad=given["clip_grad"])
            for kind, model in ((VNetwork, value_model), (SoftmaxPolicy, policy_model))
        )
        features = Identity(torch.device(given["device"]))
        agent = PPO(features, v, policy, epsilon=given["clip_ratio"], **same, **split)
    else:
        n_actions = env.action_space.shape[0]
        policy_model = GaussianModel(mlp(inputs, hidden, n_actions), n_actions).to(given["device"])
        preset_settings |= {
            "value_model_constructor": lambda _: value_model,
            "policy_model_constructor": lambda _: policy_model,
        }
        agent = (
            continuous.ppo.device(given["device"]).env(env).hyperparameters(**preset_settings).build().agent()
        )
    return agent, nn.ModuleList([value_model, policy_model]).parameters()


def main() -> None:
    given = settings()
    seed_generators(given["seed"])
    envs = make_environments(given)
    agent, learnt = make_agent(given, envs)
    result = measure_parallel(agent, envs, Stopwatch(learnt), given)
    report(result, "autonomous-learning-library")


if __name__ == "__main__":
    main()
