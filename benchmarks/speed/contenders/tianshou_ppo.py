"""Tianshou's PPO. On Breakout its policy and its values share the features, and each computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from measured import report, settings
from tianshou.algorithm.modelfree.ppo import PPO
from tianshou.algorithm.modelfree.reinforce import (
    DiscreteActorPolicy,
    ProbabilisticActorPolicy,
)
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, ReplayBuffer, VectorReplayBuffer
from tianshou.env import BaseVectorEnv
from tianshou.env.atari.atari_network import DQNet
from tianshou.utils.net.common import ActorCritic, Net
from tianshou.utils.net.continuous import ContinuousActorProbabilistic, ContinuousCritic
from tianshou.utils.net.discrete import DiscreteActor, DiscreteCritic
from tianshou_parts import FRAMES_ONCE, make_environments, measure, spaces, with_scale
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal


def normal(mean_and_deviation: tuple[Tensor, Tensor]) -> Distribution:
    return Independent(Normal(*mean_and_deviation), 1)


def make_policy(given: dict[str, Any], envs: BaseVectorEnv) -> tuple[ProbabilisticActorPolicy, nn.Module]:
    """The policy and its critic."""
    observations, actions = spaces(envs)
    if given["environment"] == "Breakout":
        shape = dict(zip("chw", observations.shape, strict=True))
        n_actions = int(actions.n)
        features = with_scale(
            DQNet(**shape, action_shape=n_actions, features_only=True, output_dim_added_layer=512)
        )
        actor = DiscreteActor(preprocess_net=features, action_shape=n_actions, softmax_output=False)
        return DiscreteActorPolicy(actor=actor, action_space=actions), DiscreteCritic(preprocess_net=features)
    layers = {"state_shape": observations.shape, "hidden_sizes": given["hidden"], "activation": nn.Tanh}
    if given["environment"] == "CartPole-v1":
        n_actions = int(actions.n)
        actor = DiscreteActor(preprocess_net=Net(**layers), action_shape=n_actions, softmax_output=False)
        policy = DiscreteActorPolicy(actor=actor, action_space=actions)
        return policy, DiscreteCritic(preprocess_net=Net(**layers))
    n_actions = int(np.prod(actions.shape))
    actor = ContinuousActorProbabilistic(preprocess_net=Net(**layers), action_shape=n_actions, unbounded=True)
    policy = ProbabilisticActorPolicy(actor=actor, dist_fn=normal, action_space=actions)
    return policy, ContinuousCritic(preprocess_net=Net(**layers))


def main() -> None:
    given = settings()
    envs = make_environments(given)
    policy, critic = (part.to(given["device"]) for part in make_policy(given, envs))
    rollout = given["n_envs"] * given["n_steps"]
    algorithm = PPO(
        policy=policy,
        critic=critic,
        optim=AdamOptimizerFactory(lr=given["lr"], eps=given["eps"]),
        eps_clip=given["clip_ratio"],
        vf_coef=given["value_loss_scaling"],
        ent_coef=given["entropy_loss_scaling"],
        max_grad_norm=given["clip_grad"],
        gae_lambda=given["lam"],
        gamma=given["discount_factor"],
    )
    frames = FRAMES_ONCE if given["environment"] == "Breakout" else {}
    collector = Collector(algorithm, envs, VectorReplayBuffer(rollout, given["n_envs"], **frames))

    def update(buffer: ReplayBuffer) -> None:
        algorithm.update(buffer, batch_size=rollout // given["n_minibatches"], repeat=given["n_epochs"])
        collector.reset_buffer(keep_statistics=True)

    result = measure(algorithm, collector, update, ActorCritic(policy.actor, critic), given, steps=rollout)
    report(result, "tianshou")


if __name__ == "__main__":
    main()
