"""The floor of DQN on Breakout: the same steps, choices and updates as the others, each kind alone, in bare PyTorch.

Nothing is stored, sampled, logged or counted, so whoever needs one after the other cannot be faster than their sum.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import numpy as np
import torch
from ale_py.vector_env import AtariVectorEnv
from measured import Stopwatch, report, settings
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

ACTIONS = 4


def nature_network() -> nn.Module:
    network = nn.Sequential(
        *(nn.Conv2d(4, 32, 8, 4), nn.ReLU()),
        *(nn.Conv2d(32, 64, 4, 2), nn.ReLU()),
        *(nn.Conv2d(64, 64, 3, 1), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(64 * 7 * 7, 512), nn.ReLU(), nn.Linear(512, ACTIONS)),
    )
    # torch documents this argument; its type stubs leave it out.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def scaled(frames: Tensor) -> Tensor:
    return frames.to(torch.float32, memory_format=torch.channels_last).mul_(1 / 255)


def make_step(frame_skip: int, seed: int) -> Callable[[], object]:
    env = AtariVectorEnv("breakout", num_envs=1, num_threads=1, frameskip=frame_skip, stack_num=4)
    env.reset(seed=seed)
    actions = np.random.default_rng(seed).integers(ACTIONS, size=(10_000, 1))
    steps = iter(range(10**9))
    return lambda: env.step(actions[next(steps) % len(actions)])


def make_act(network: nn.Module) -> Callable[[], object]:
    state = torch.randint(256, (1, 4, 84, 84), dtype=torch.uint8)

    @torch.no_grad()
    def act() -> int:
        return int(network(scaled(state)).argmax())

    return act


def make_update(network: nn.Module, lr: float, minibatch_size: int) -> Callable[[], object]:
    target = copy.deepcopy(network).requires_grad_(False)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
    states, next_states = torch.randint(256, (2, minibatch_size, 4, 84, 84), dtype=torch.uint8)
    actions = torch.randint(ACTIONS, (minibatch_size, 1))
    rewards, masks = torch.rand(minibatch_size).round(), torch.ones(minibatch_size)

    def update() -> None:
        values = network(scaled(states)).gather(1, actions).squeeze(1)
        with torch.no_grad():
            targets = rewards + 0.99 * masks * target(scaled(next_states)).amax(1)
        optimizer.zero_grad()
        smooth_l1_loss(values, targets).backward()
        optimizer.step()

    return update


def milliseconds(call: Callable[[], object], times: int) -> float:
    """The mean time of a call."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times * 1e3


def main() -> None:
    given = settings()
    network = nature_network()
    parts = {
        "step": (make_step(given["frame_skip"], given["seed"]), given["frames"]),
        "act": (make_act(network), given["frames"]),
        "update": (
            make_update(network, given["lr"], given["minibatch_size"]),
            given["frames"] // given["update_frequency"],
        ),
    }
    for call, _ in parts.values():
        milliseconds(call, 20)
    stopwatch = Stopwatch(network.parameters())
    stopwatch.start()
    measured = {name: milliseconds(call, times) for name, (call, times) in parts.items()}
    result = stopwatch.stop(given["frames"])
    report(result | {"milliseconds": measured})


if __name__ == "__main__":
    main()
