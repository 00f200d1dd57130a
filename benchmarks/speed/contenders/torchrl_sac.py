"""TorchRL's SAC, in a loop of one's own. As in its own scripts, one optimizer has all parameters: an update counts once."""

from __future__ import annotations

import torch
from measured import Stopwatch, report, settings
from tensordict import TensorDict
from tensordict.nn import NormalParamExtractor, TensorDictModule
from torch import nn
from torchrl.modules import MLP, ProbabilisticActor, TanhNormal, ValueOperator
from torchrl.objectives import SoftUpdate
from torchrl.objectives.sac import SACLoss
from torchrl_parts import make_buffer, make_environments, measure


def main() -> None:
    given = settings()
    env = make_environments(given)
    inputs, n_actions = env.observation_spec["observation"].shape[-1], env.action_spec.shape[-1]
    layers = {"num_cells": given["hidden"], "activation_class": nn.ReLU}
    network = nn.Sequential(MLP(inputs, 2 * n_actions, **layers), NormalParamExtractor())
    space = env.action_spec.space
    actor = ProbabilisticActor(
        TensorDictModule(network, in_keys=["observation"], out_keys=["loc", "scale"]),
        in_keys=["loc", "scale"],
        spec=env.action_spec,
        distribution_class=TanhNormal,
        distribution_kwargs={"low": space.low, "high": space.high, "tanh_loc": False},
    )
    critic = ValueOperator(MLP(inputs + n_actions, 1, **layers), in_keys=["action", "observation"])
    actor.to(given["device"]), critic.to(given["device"])
    loss = SACLoss(actor, critic, num_qvalue_nets=2, delay_actor=False, delay_qvalue=True)
    loss.make_value_estimator(gamma=given["discount_factor"])
    target = SoftUpdate(loss, tau=given["target_rate"])
    optimizer = torch.optim.Adam(loss.parameters(), lr=given["lr"])

    def update(batch: TensorDict) -> None:
        losses = loss(batch)
        (losses["loss_actor"] + losses["loss_qvalue"] + losses["loss_alpha"]).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        target.step()

    result = measure(env, actor, make_buffer(given), update, Stopwatch(loss.parameters()), given)
    report(result, "torchrl", "tensordict", "mujoco")


if __name__ == "__main__":
    main()
