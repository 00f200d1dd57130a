"""Transitions put together from the rows of a step ring.

Letters: N batch, E environments, S frames in the largest stack, n the most steps of a transition.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from allcore.core import StateArray
from allcore.memory.column import joined_frames, two_stacks
from allcore.memory.step_notes import StepNotes
from allcore.memory.step_storage import STEPS, StepStorage

Transitions = tuple[StateArray, Tensor, Tensor, StateArray]


def read_states(storage: StepStorage, positions: Tensor, device: torch.device) -> list[dict[str, Tensor]]:
    """The entries of B times N states on `device`, B dicts, from the positions `[B, N, S]` of their frames, the oldest first."""
    read: list[dict[str, Tensor]] = [{} for _ in positions]
    for name, column in storage.columns.items():
        field = column.field
        fetched = column.gather(positions[..., -field.stack_size :]).to(device)
        for entries, values in zip(read, fetched, strict=True):
            entries[name] = values[:, 0] if field.stack_size == 1 else joined_frames(values, field)
    return read


def read_steps(
    storage: StepStorage, notes: StepNotes, places: np.ndarray, device: torch.device
) -> Transitions:
    """The transitions of one step from the places `[N]`."""
    following = (places + notes.num_envs) % notes.size
    # The stacks of a state and of its successor share all frames but one each, so these are fetched once.
    frames = notes.frame_positions(places)
    both = torch.from_numpy(np.stack((frames[:, -1], following))).to(storage.device)
    if storage.stack_size > 1:
        frames_and_next = torch.from_numpy(np.column_stack((frames, following))).to(storage.device)
    first: dict[str, Tensor] = {}
    second: dict[str, Tensor] = {}
    for name, column in storage.columns.items():
        field = column.field
        if field.stack_size == 1:
            first[name], second[name] = column.gather(both).to(device).unbind()
        else:
            fetched = column.gather(frames_and_next[:, -field.stack_size - 1 :]).to(device)
            first[name], second[name] = two_stacks(fetched, field)
    second[STEPS] = torch.ones(len(places), device=device)
    actions = storage.read_actions(both[0]).to(device)
    return _transitions(first, actions, second["reward"], second)


def read_windows(
    storage: StepStorage,
    notes: StepNotes,
    discount_factor: float,
    places: np.ndarray,
    device: torch.device,
) -> Transitions:
    """The transitions from the places `[N]` to the ends of their windows.

    The reward is r_1 + γ r_2 + ... + γ^(k-1) r_k, where k, from 1 to n, is how many steps the window reaches.

    Source: Sutton, 1988, "Learning to predict by the methods of temporal differences"; with replay, Hessel et al., 2018,
    "Rainbow", section 3, multi-step learning.
    """
    lengths = notes.window_lengths(places)
    last = places + lengths * notes.num_envs
    frames = np.stack((notes.frame_positions(places), notes.frame_positions(last)))
    positions = torch.from_numpy(frames).to(storage.device)
    first, second = read_states(storage, positions, device)
    second[STEPS] = torch.from_numpy(lengths).to(device, torch.float32)
    # n rewards for each, of which those beyond its window count for nothing, whatever they are
    arrived = (places[:, None] + np.arange(1, notes.n_steps + 1) * notes.num_envs) % notes.size
    rewards = storage.columns["reward"].gather(torch.from_numpy(arrived).to(storage.device)).to(device)
    step = torch.arange(notes.n_steps, device=device)
    discounted = rewards * discount_factor**step
    rewards = torch.where(step < second[STEPS][:, None], discounted, 0.0).sum(dim=1)
    actions = storage.read_actions(positions[0, :, -1]).to(device)
    return _transitions(first, actions, rewards, second)


def _transitions(
    first: dict[str, Tensor], actions: Tensor, rewards: Tensor, second: dict[str, Tensor]
) -> Transitions:
    # An action was taken in the first states, whatever happened on arriving there (a life lost).
    first["mask"] = torch.ones(len(rewards), device=rewards.device)
    shape = (len(rewards),)
    return StateArray(first, shape), actions, rewards, StateArray(second, shape)
