"""Tianshou's SAC. Each update steps four optimizers: each critic's, the policy's and the temperature's."""

from __future__ import annotations

import numpy as np
from measured import report, settings
from tianshou.algorithm.modelfree.sac import SAC, AutoAlpha, SACPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.utils.net.common import Net
from tianshou.utils.net.continuous import ContinuousActorProbabilistic, ContinuousCritic
from tianshou_parts import make_environments, measure, spaces
from torch import nn


def main() -> None:
    given = settings()
    envs = make_environments(given)
    observations, actions = spaces(envs)
    n_actions = int(np.prod(actions.shape))
    layers = {"state_shape": observations.shape, "hidden_sizes": given["hidden"]}
    actor = ContinuousActorProbabilistic(
        preprocess_net=Net(**layers), action_shape=n_actions, unbounded=True, conditioned_sigma=True
    )
    critics = [
        ContinuousCritic(preprocess_net=Net(**layers, action_shape=n_actions, concat=True)) for _ in range(2)
    ]
    nn.ModuleList([actor, *critics]).to(given["device"])
    adam = AdamOptimizerFactory(lr=given["lr"])
    algorithm = SAC(
        policy=SACPolicy(actor=actor, action_space=actions),
        policy_optim=adam,
        critic=critics[0],
        critic_optim=adam,
        critic2=critics[1],
        critic2_optim=adam,
        tau=given["target_rate"],
        gamma=given["discount_factor"],
        alpha=AutoAlpha(-float(n_actions), 0.0, adam).to(given["device"]),
    )
    collector = Collector(algorithm, envs, VectorReplayBuffer(given["replay_buffer_size"], given["n_envs"]))
    result = measure(
        algorithm,
        collector,
        lambda buffer: algorithm.update(buffer, given["minibatch_size"]),
        nn.ModuleList([actor, *critics]),
        given,
        steps=given["update_frequency"],
    )
    report(result, "tianshou", "mujoco")


if __name__ == "__main__":
    main()
