"""TorchRL's PPO, in a loop of one's own, as the library wants it."""

from __future__ import annotations

from typing import Any

import torch
from measured import Stopwatch, report, settings
from tensordict.nn import AddStateIndependentNormalScale, TensorDictModule
from torch import nn
from torch.distributions import Categorical
from torchrl.collectors import Collector
from torchrl.data import LazyTensorStorage, TensorDictReplayBuffer
from torchrl.data.replay_buffers.samplers import SamplerWithoutReplacement
from torchrl.envs import EnvBase
from torchrl.modules import (
    MLP,
    ActorValueOperator,
    IndependentNormal,
    ProbabilisticActor,
    ValueOperator,
)
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE
from torchrl_parts import features, make_environments


def make_actor(network: nn.Module, in_key: str, env: EnvBase) -> ProbabilisticActor:
    """A policy from the network that has the parameters of its distribution as outputs."""
    discrete = hasattr(env.action_spec_unbatched.space, "n")
    keys = ["logits"] if discrete else ["loc", "scale"]
    return ProbabilisticActor(
        TensorDictModule(network, in_keys=[in_key], out_keys=keys),
        in_keys=keys,
        spec=env.full_action_spec_unbatched,
        distribution_class=Categorical if discrete else IndependentNormal,
        return_log_prob=True,
    )


def make_models(given: dict[str, Any], env: EnvBase) -> tuple[nn.Module, nn.Module, nn.Module]:
    """The policy, the critic, and the critic where the policy has computed the features already."""
    space = env.action_spec_unbatched
    if given["environment"] == "Breakout":
        common = TensorDictModule(features(), in_keys=["observation"], out_keys=["features"])
        actor = make_actor(nn.Linear(512, space.space.n), "features", env)
        both = ActorValueOperator(common, actor, ValueOperator(nn.Linear(512, 1), in_keys=["features"]))
        return both.get_policy_operator(), both.get_value_operator(), both.get_value_head()
    inputs = env.observation_spec["observation"].shape[-1]
    layers = {"num_cells": given["hidden"], "activation_class": nn.Tanh}
    if given["environment"] == "CartPole-v1":
        network = MLP(inputs, space.space.n, **layers)
    else:
        n_actions = space.shape[-1]
        network = nn.Sequential(MLP(inputs, n_actions, **layers), AddStateIndependentNormalScale(n_actions))
    critic = ValueOperator(MLP(inputs, 1, **layers), in_keys=["observation"])
    return make_actor(network, "observation", env), critic, critic


def main() -> None:
    given = settings()
    env = make_environments(given)
    actor, critic, head = (model.to(given["device"]) for model in make_models(given, env))
    rollout = given["n_envs"] * given["n_steps"]
    advantages = GAE(
        gamma=given["discount_factor"],
        lmbda=given["lam"],
        value_network=critic,
        # Takes the next step's value for the next state's, which is half the work, and exact but for time limits.
        shifted=given["environment"] == "Breakout",
    )
    loss = ClipPPOLoss(
        actor,
        head,
        clip_epsilon=given["clip_ratio"],
        critic_coeff=given["value_loss_scaling"],
        entropy_coeff=given["entropy_loss_scaling"],
        loss_critic_type="l2",
        normalize_advantage=True,
    )
    optimizer = torch.optim.Adam(loss.parameters(), lr=given["lr"], eps=given["eps"])
    buffer = TensorDictReplayBuffer(
        storage=LazyTensorStorage(rollout),
        sampler=SamplerWithoutReplacement(),
        batch_size=rollout // given["n_minibatches"],
    )
    total = given["warm_up"] + given["frames"]
    collector = Collector(
        env, actor, frames_per_batch=rollout, total_frames=total, auto_register_policy_transforms=False
    )
    stopwatch = Stopwatch(loss.parameters())
    for rollouts, data in enumerate(collector, 1):
        with torch.no_grad():
            advantages(data)
        buffer.extend(data.exclude("features", "next").reshape(-1))
        for _ in range(given["n_epochs"]):
            for batch in buffer:
                losses = loss(batch)
                optimizer.zero_grad()
                (losses["loss_objective"] + losses["loss_critic"] + losses["loss_entropy"]).backward()
                nn.utils.clip_grad_norm_(loss.parameters(), given["clip_grad"])
                optimizer.step()
        if rollouts * rollout == given["warm_up"]:
            stopwatch.start()
        if rollouts * rollout == total:
            report(stopwatch.stop(given["frames"]), "torchrl", "tensordict")


if __name__ == "__main__":
    main()
