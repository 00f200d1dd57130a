"""Tianshou's DQN, C51 and Rainbow."""

from __future__ import annotations

from typing import Any

from measured import report, settings
from tianshou.algorithm.algorithm_base import OffPolicyAlgorithm
from tianshou.algorithm.modelfree.c51 import C51, C51Policy
from tianshou.algorithm.modelfree.dqn import DQN, DiscreteQLearningPolicy
from tianshou.algorithm.modelfree.rainbow import RainbowDQN
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, PrioritizedVectorReplayBuffer, VectorReplayBuffer
from tianshou.env import BaseVectorEnv
from tianshou.env.atari.atari_network import C51Net, DQNet, RainbowNet
from tianshou.utils.net.common import Net
from tianshou_parts import FRAMES_ONCE, make_environments, measure, spaces, with_scale
from torch import nn


def make_network(given: dict[str, Any], observation_shape: tuple[int, ...], n_actions: int) -> nn.Module:
    if given["environment"] != "Breakout":
        return Net(state_shape=observation_shape, action_shape=n_actions, hidden_sizes=given["hidden"])
    shape = dict(zip("chw", observation_shape, strict=True))
    match given["algorithm"]:
        case "c51":
            return with_scale(C51Net(**shape, action_shape=[n_actions], num_atoms=given["n_atoms"]))
        case "rainbow":
            noisy = {"num_atoms": given["n_atoms"], "noisy_std": given["noisy_sigma"]}
            return with_scale(RainbowNet(**shape, action_shape=[n_actions], **noisy))
        case _:
            return with_scale(DQNet(**shape, action_shape=n_actions))


def make_algorithm(given: dict[str, Any], envs: BaseVectorEnv) -> OffPolicyAlgorithm:
    observations, actions = spaces(envs)
    for_policy = {
        "model": make_network(given, observations.shape, int(actions.n)).to(given["device"]),
        "action_space": actions,
        "eps_training": given.get("exploration", 0.0),
    }
    for_algorithm = {
        "optim": AdamOptimizerFactory(lr=given["lr"]),
        "gamma": given["discount_factor"],
        "n_step_return_horizon": given.get("n_steps", 1),
        "target_update_freq": given["target_update_frequency"],
    }
    if given["algorithm"] == "dqn":
        policy = DiscreteQLearningPolicy(**for_policy)
        return DQN(policy=policy, is_double=False, huber_loss_delta=1.0, **for_algorithm)
    support = {"num_atoms": given["n_atoms"], "v_min": given["v_min"], "v_max": given["v_max"]}
    kind = RainbowDQN if given["algorithm"] == "rainbow" else C51
    return kind(policy=C51Policy(**for_policy, **support), **for_algorithm)


def make_buffer(given: dict[str, Any]) -> VectorReplayBuffer | PrioritizedVectorReplayBuffer:
    size, n_envs = given["replay_buffer_size"], given["n_envs"]
    frames = FRAMES_ONCE if given["environment"] == "Breakout" else {}
    if given["algorithm"] != "rainbow":
        return VectorReplayBuffer(size, n_envs, **frames)
    alpha, beta = given["priority_alpha"], given["priority_initial_beta"]
    return PrioritizedVectorReplayBuffer(size, n_envs, alpha=alpha, beta=beta, **frames)


def main() -> None:
    given = settings()
    envs = make_environments(given)
    algorithm = make_algorithm(given, envs)
    collector = Collector(algorithm, envs, make_buffer(given), exploration_noise="exploration" in given)
    result = measure(
        algorithm,
        collector,
        lambda buffer: algorithm.update(buffer, given["minibatch_size"]),
        algorithm.policy.model,
        given,
        steps=given["update_frequency"],
    )
    report(result, "tianshou")


if __name__ == "__main__":
    main()
