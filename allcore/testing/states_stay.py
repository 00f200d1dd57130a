"""Whether the states of an environment stay as they were handed out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from allcore.environments import VectorEnvironment

if TYPE_CHECKING:
    from allcore.core import State
    from allcore.environments import Environment


def check_states_stay(env: Environment | VectorEnvironment, ticks: int = 50, seed: int = 0) -> None:
    """Act at random, and check that no tensor of a state is written to after the state was handed out.

    Args:
        env: one environment or several; it is reset first.
        ticks: how many states to look at. All of them are kept until the end.
        seed: of the environment and of the actions.

    Raises:
        AssertionError: a tensor changed; the message names the entry.
    """
    action_space = copy.deepcopy(env.action_space)
    action_space.seed(seed)
    seen: list[tuple[dict[str, Tensor], dict[str, Tensor]]] = []
    state: Any = env.reset(seed)
    for _ in range(ticks):
        tensors = _tensors(state)
        seen.append((tensors, {name: tensor.clone() for name, tensor in tensors.items()}))
        if isinstance(env, VectorEnvironment):
            state = env.step(np.stack([action_space.sample() for _ in range(env.num_envs)]))
        else:
            state = env.step(action_space.sample())
    for tick, (tensors, copies) in enumerate(seen):
        for name, tensor in tensors.items():
            # As bytes, so that NaN is what it was.
            assert tensor.cpu().numpy().tobytes() == copies[name].cpu().numpy().tobytes(), (
                f"{env!r} wrote to the entry {name!r} of state {tick} after it had been handed out; "
                "every state needs tensors of its own"
            )


def _tensors(state: State) -> dict[str, Tensor]:
    """The tensors among the entries; of a stack of frames, the newest one."""
    entries = {name: state.frames(name)[0] for name in state.keys()}  # noqa: SIM118 - a StateArray's iterator gives states
    return {name: entry for name, entry in entries.items() if isinstance(entry, Tensor)}
