"""The floor of PQN on Breakout: bare steps, choices and updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from floor_parts import BREAKOUT_ACTIONS, Part, make_step, measure, scaled
from measured import settings
from torch import Tensor, nn
from torch.nn.functional import mse_loss


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels, at every place of its own; channels-last frames are not copied for it."""

    def forward(self, frames: Tensor) -> Tensor:
        return super().forward(frames.movedim(1, -1)).movedim(-1, 1)


def normalized_network() -> nn.Module:
    """Nature's network for scaled frames, with layer normalisation before each ReLU."""
    network = nn.Sequential(
        *(nn.Conv2d(4, 32, 8, 4), ChannelNorm(32), nn.ReLU(inplace=True)),
        *(nn.Conv2d(32, 64, 4, 2), ChannelNorm(64), nn.ReLU(inplace=True)),
        *(nn.Conv2d(64, 64, 3, 1), ChannelNorm(64), nn.ReLU(inplace=True), nn.Flatten()),
        *(nn.Linear(64 * 7 * 7, 512), nn.LayerNorm(512), nn.ReLU(inplace=True)),
        nn.Linear(512, BREAKOUT_ACTIONS),
    )
    # torch documents this argument; its type stubs leave it out.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def make_act(network: nn.Module, n_envs: int) -> Part:
    """Actions and the highest values, which the returns are made of later."""
    state = torch.randint(256, (n_envs, 4, 84, 84), dtype=torch.uint8)

    @torch.inference_mode()
    def act() -> tuple[np.ndarray, Tensor]:
        values, actions = network(scaled(state)).max(1)
        return actions.cpu().numpy(), values

    return act


def make_update(network: nn.Module, given: Mapping[str, Any]) -> Part:
    size = given["n_envs"] * given["n_steps"] // given["n_minibatches"]
    states = torch.randint(256, (size, 4, 84, 84), dtype=torch.uint8)
    actions, returns = torch.randint(BREAKOUT_ACTIONS, (size, 1)), torch.rand(size, 1)
    # PQN's RAdam is Adam with a step size of its own for each update; torch has no fused kernel by that name.
    optimizer = torch.optim.Adam(network.parameters(), lr=given["lr"], fused=True)

    def update() -> None:
        values = network(scaled(states)).gather(1, actions)
        optimizer.zero_grad()
        mse_loss(values, returns).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), given["clip_grad"], foreach=True)
        optimizer.step()

    return update


def main() -> None:
    given = settings()
    torch.manual_seed(given["seed"])
    with torch.device(given["device"]):
        network = normalized_network()
        act, update = make_act(network, given["n_envs"]), make_update(network, given)
    steps = given["frames"] // given["n_envs"]
    updates = steps // given["n_steps"] * given["n_epochs"] * given["n_minibatches"]
    parts = {
        "step": (make_step(given), steps),
        "act": (act, steps),
        "update": (update, updates),
    }
    measure(given, network.parameters(), parts)


if __name__ == "__main__":
    main()
