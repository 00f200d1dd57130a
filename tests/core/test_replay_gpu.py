"""Replay on a GPU gives, and learns priorities from, what it does on the CPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from allcore.core import StackedFrames, StateArray
from allcore.memory import ExperienceReplayBuffer, NStepReplayBuffer, PrioritizedReplayBuffer


def states(number: int, device: str) -> list[StateArray]:
    """Steps of two environments with stacks of 3 frames; the second's episodes are 7 steps long."""
    found, generator = [], torch.Generator().manual_seed(0)
    frames = [torch.zeros(2, 1, 4, 4, dtype=torch.uint8, device=device)] * 3
    for step in range(number):
        frame = torch.randint(256, (2, 1, 4, 4), dtype=torch.uint8, generator=generator).to(device)
        first = torch.tensor([step == 0, step % 7 == 0], device=device).view(2, 1, 1, 1)
        frames = [torch.where(first, frame, old) for old in (*frames[1:], frame)]
        done = torch.tensor([False, step % 7 == 6], device=device)
        reward = torch.rand(2, generator=generator).to(device)
        entries = {"observation": StackedFrames(tuple(frames)), "reward": reward, "done": done}
        found.append(StateArray(entries, (2,)))
    return found


@pytest.mark.gpu
@pytest.mark.parametrize("kind", [ExperienceReplayBuffer, PrioritizedReplayBuffer])
@pytest.mark.parametrize("n_steps", [1, 3])
@pytest.mark.parametrize(("device", "store_device"), [("cuda", "cpu"), ("cuda", "cuda"), ("cpu", "cuda")])
def test_a_buffer_on_another_device_gives_the_same_samples(kind, n_steps, device, store_device):
    def filled(device: str, store_device: str) -> NStepReplayBuffer:
        inner: Any = kind(
            30, device=device, store_device=store_device, generator=torch.Generator().manual_seed(0)
        )
        buffer, previous = NStepReplayBuffer(n_steps, 0.9, inner), None
        for state in states(40, store_device):
            action = None if previous is None else previous.reward
            buffer.store(previous, action, state)
            previous = state
        return buffer

    here, there = filled("cpu", "cpu"), filled(device, store_device)
    for _ in range(3):
        mine, found = here.sample(32), there.sample(32)
        for part in (0, 3):
            for name in mine[part].keys():  # noqa: SIM118 - iterating over an array gives its states
                assert found[part][name].device.type == device
                assert torch.equal(mine[part][name], found[part][name].cpu()), name
        for part in (1, 2, 4):
            assert found[part].device.type == device
            torch.testing.assert_close(mine[part], found[part].cpu(), rtol=1e-6, atol=0)
        here.update_priorities(mine[2])
        there.update_priorities(mine[2].to(device))
