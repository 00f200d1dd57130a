"""The storage behind replay: one row per step and environment, written round and round.

Letters: N batch, E environments, R rows, S frames in the largest stack, n the most steps of a transition.

A row holds a state and, once it is known, the action taken in it. The next row is the state that followed, so that
nothing is stored twice. Row numbers count up for ever; row r lies at position r % R of the tensors.

- A state in which an episode ended has a row of its own, in which no transition starts. So the pair (final state, first
  state of the next episode) is never a transition.
- Of a stack only the newest frame is stored. A row knows how many older frames it has (its age, at most S - 1): the
  frame k steps back lies in row r - min(k, age), as an episode younger than S steps repeats its first frame.
- Transitions start in the last `capacity // E` rows that have a row after them. R is S larger: for the newest state, and
  for the older frames of the oldest transition, which are there for as long as it is.
- A transition of several steps is the same rows read further on; see `allcore.memory.step_notes` for where it ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from allcore.core import State, StateArray
from allcore.errors import CheckpointError, HyperparameterError, UsageError
from allcore.memory.step_notes import StepNotes
from allcore.memory.step_reading import Transitions, read_states, read_steps, read_windows
from allcore.memory.step_storage import StepStorage


class StepRing:
    """Stores steps and hands out transitions at chosen places; which ones to choose is up to the replay buffer.

    Attributes:
        capacity: transitions over all environments.
        n_steps: the most steps of a transition (n).
        discount_factor: what a reward one step later is worth within a transition.

    Args:
        capacity: transitions over all environments.
        device: where the tensors lie.
        bytes_per_place: what the replay buffer keeps beside each row of an environment, so that it is counted as well.

    Raises:
        UsageError: the capacity is not positive.
    """

    def __init__(
        self, capacity: int, device: torch.device | str = "cpu", *, bytes_per_place: int = 0
    ) -> None:
        if capacity < 1:
            raise UsageError(
                f"a replay buffer cannot have a capacity of {capacity}", hint="give 1 or more transitions"
            )
        self.capacity = capacity
        self.device = torch.device(device)
        self.n_steps = 1
        self.discount_factor = 1.0
        self._bytes_per_place = bytes_per_place
        # made when the first state shows what is in it
        self._storage: StepStorage | None = None
        self._notes: StepNotes | None = None
        # The newest state, by which we see that a transition goes on from the one before: a reference, as nobody writes
        # to a state that was handed out. None before the first store, and after loading, when an equal state does as well.
        self._newest: State | None = None

    def read_ahead(self, n_steps: int, discount_factor: float) -> None:
        """From now on transitions have up to `n_steps` steps.

        Raises:
            HyperparameterError: `n_steps` is not positive, or the discount factor not within [0, 1].
            UsageError: something was stored already.
        """
        if n_steps < 1:
            raise HyperparameterError(f"a transition cannot have {n_steps} steps", hint="give 1 or more")
        if not 0 <= discount_factor <= 1:
            raise HyperparameterError(
                f"a discount factor of {discount_factor} is not possible", hint="give one from 0 to 1"
            )
        if self._storage is not None:
            raise UsageError(
                "the number of steps cannot change once a transition was stored",
                hint="make the NStepReplayBuffer before the first store",
            )
        self.n_steps, self.discount_factor = n_steps, discount_factor

    # ---- storing

    def store(self, state: State | None, action: Any, next_state: State) -> None:
        """Store a transition; with `state` None only remember `next_state`.

        It costs one row when `state` is the last `next_state` (the same object), as it is in an agent's loop.
        Otherwise it stands apart from what was stored before.

        Raises:
            UsageError: the entries are not those of the first store, or the storage does not fit into memory.
        """
        if state is not None and action is None:
            raise UsageError(
                "a transition cannot be stored without its action", hint="store(state, action, next_state)"
            )
        if self._storage is None:
            self._allocate(
                StepStorage.for_state(next_state, self.capacity, self.device, self._bytes_per_place)
            )
        storage, notes = self._allocated()
        values = storage.values(next_state)  # all checks come before the first change
        if state is None:
            self._begin(next_state)
        else:
            action = storage.checked_action(action)
            if not self._is_newest(state):
                self._begin(state)
            storage.write_action((notes.written - 1) % storage.num_rows, action)
            notes.start()
            self._append(values, notes.next_age(), next_state)
        self._newest = next_state

    def _allocate(self, storage: StepStorage) -> None:
        span = self.capacity // storage.num_envs
        if span < self.n_steps:
            raise UsageError(
                f"a replay buffer of {self.capacity} transitions in {storage.num_envs} environments keeps {span} steps of "
                f"each, so none of its transitions can have {self.n_steps}",
                hint=f"give a capacity of at least {self.n_steps * storage.num_envs}",
            )
        self._notes = StepNotes(storage.num_rows, storage.num_envs, span, storage.stack_size, self.n_steps)
        self._storage = storage

    def _begin(self, state: State) -> None:
        """Append a state that does not follow the newest one, after rows with the older frames of its stack."""
        storage, notes = self._allocated()
        values = storage.values(state)
        notes.break_off()
        for back in range(storage.stack_size - 1, 0, -1):
            self._append(storage.older_values(state, back), 0, state)
        self._append(values, storage.stack_size - 1, state)

    def _append(self, values: list[Any], age: Any, state: State) -> None:
        storage, notes = self._allocated()
        storage.write(notes.written % storage.num_rows, values)
        notes.append(age, state.done, state.mask)

    def _is_newest(self, state: State) -> bool:
        storage, notes = self._allocated()
        if self._newest is not None or not notes.written:
            return state is self._newest
        storage.values(state)  # the same entries, or an error that says what differs
        stored, given = self.newest(), state if storage.batched else State.array([state])
        return all(
            _equal(stored[name].cpu(), given[name].cpu().to(stored[name].dtype)) for name in storage.columns
        )

    # ---- where transitions start

    @property
    def stored(self) -> int:
        """Transitions stored ever."""
        return 0 if self._notes is None else self._notes.stored

    @property
    def num_drawable(self) -> int:
        """Transitions that can be handed out now."""
        return 0 if self._notes is None else self._notes.num_drawable

    @property
    def notes(self) -> StepNotes:
        """What is known of each place.

        Raises:
            UsageError: nothing has been stored yet.
        """
        return self._allocated()[1]

    def drawable_places(self) -> np.ndarray:
        """All places that can be drawn, the oldest first, for looking at the whole content (a copy; slow)."""
        if self._notes is None:
            return np.zeros(0, dtype=np.int64)
        places = self._notes.first_place + np.arange(self._notes.num_places)
        return places[self._notes.drawable(places)]

    # ---- reading

    def transitions(self, places: np.ndarray, device: torch.device) -> Transitions:
        """The transitions that start in `places` `[N]`: states, actions, rewards `[N]` and next states on `device`.

        The mask of the states is 1: an action was taken in each, whatever happened on arriving there (a life lost).
        The next states have the entry `steps` `[N]`.
        """
        storage, notes = self._allocated()
        if self.n_steps == 1:
            return read_steps(storage, notes, places, device)
        return read_windows(storage, notes, self.discount_factor, places, device)

    def newest(self) -> StateArray:
        """The state stored last, as a StateArray `[E]` on the storage's device."""
        storage, notes = self._allocated()
        places = (notes.written - 1) * storage.num_envs + np.arange(storage.num_envs)
        positions = torch.from_numpy(notes.frame_positions(places)).to(self.device)
        (entries,) = read_states(storage, positions[None], self.device)
        return StateArray(entries, (storage.num_envs,))

    def _allocated(self) -> tuple[StepStorage, StepNotes]:
        if self._storage is None or self._notes is None:
            raise UsageError(
                "nothing has been stored in this replay buffer yet", hint="store a transition first"
            )
        return self._storage, self._notes

    # ---- continuing later

    def state_dict(self) -> dict[str, Any]:
        """Everything stored, as tensors that share the memory of the storage, and numbers."""
        state: dict[str, Any] = {"capacity": self.capacity, "n_steps": self.n_steps}
        if self._storage is not None and self._notes is not None:
            state.update(self._storage.state_dict(min(self._notes.written, self._storage.num_rows)))
            state.update(self._notes.state_dict())
            # rows that another one follows never change: see allcore.experiments.row_files
            state.update(num_rows=self._storage.num_rows, append_only=["entries", "actions"])
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave. The next state to be stored need only equal the newest one.

        Raises:
            CheckpointError: it comes from a buffer of another capacity, of other states, or of other numbers of steps.
        """
        if state["capacity"] != self.capacity:
            raise CheckpointError(
                f"a replay buffer of {state['capacity']:,} transitions cannot be loaded into one of {self.capacity:,}",
                hint="build the preset with the same replay_buffer_size",
            )
        if state["n_steps"] != self.n_steps:
            raise CheckpointError(
                f"a replay buffer with transitions of up to {state['n_steps']} steps cannot be loaded into one with "
                f"{self.n_steps}",
                hint="build the preset with the same n_steps",
            )
        self._newest = None
        if "entries" not in state:
            self._storage = self._notes = None
            return
        if self._storage is None:
            self._allocate(StepStorage.for_saved(state, self.capacity, self.device, self._bytes_per_place))
        storage, notes = self._allocated()
        storage.load_state_dict(state)
        notes.load_state_dict(state)


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether all numbers of two tensors of one shape are the same; NaN is the same as NaN, unlike in `torch.equal`."""
    return bool(torch.isclose(one, other, rtol=0.0, atol=0.0, equal_nan=True).all())
