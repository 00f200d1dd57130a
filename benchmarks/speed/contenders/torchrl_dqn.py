"""TorchRL's DQN, in a loop of one's own, as the library wants it."""

from __future__ import annotations

import torch
from measured import Stopwatch, report, settings
from tensordict import TensorDict
from tensordict.nn import TensorDictSequential
from torch import nn
from torchrl.modules import MLP, EGreedyModule, QValueActor
from torchrl.objectives import DQNLoss, HardUpdate
from torchrl.objectives.utils import ValueEstimators
from torchrl_parts import features, make_buffer, make_environments, measure


def main() -> None:
    given = settings()
    env = make_environments(given)
    n_actions = env.action_spec.space.n
    if given["environment"] == "Breakout":
        network = nn.Sequential(features(), nn.Linear(512, n_actions))
    else:
        inputs = env.observation_spec["observation"].shape[-1]
        network = MLP(inputs, n_actions, num_cells=given["hidden"], activation_class=nn.ReLU)
    network.to(given["device"])
    actor = QValueActor(network, in_keys=["observation"], spec=env.action_spec)
    exploration = EGreedyModule(
        env.action_spec, eps_init=given["exploration"], eps_end=given["exploration"], annealing_num_steps=1
    ).to(given["device"])
    loss = DQNLoss(actor, loss_function="smooth_l1", delay_value=True)
    loss.make_value_estimator(ValueEstimators.TD0, gamma=given["discount_factor"])
    target = HardUpdate(loss, value_network_update_interval=given["target_update_frequency"])
    optimizer = torch.optim.Adam(loss.parameters(), lr=given["lr"])

    def update(batch: TensorDict) -> None:
        optimizer.zero_grad()
        loss(batch)["loss"].backward()
        optimizer.step()
        target.step()

    result = measure(
        env,
        TensorDictSequential(actor, exploration),
        make_buffer(given),
        update,
        Stopwatch(network.parameters()),
        given,
    )
    report(result, "torchrl", "tensordict")


if __name__ == "__main__":
    main()
