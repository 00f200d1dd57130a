"""The storage behind replay: one row per step and environment, written round and round.

Letters: N batch, E environments, R rows, S frames in the largest stack.

A row holds a state and, once it is known, the action taken in it. The next row is the state that followed, so that
nothing is stored twice. Row numbers count up for ever; row r lies at position r % R of the tensors.

- A state in which an episode ended has a row of its own, in which no transition starts. So the pair (final state, first
  state of the next episode) is never a transition.
- Of a stack only the newest frame is stored. A row knows how many older frames it has (its age, at most S - 1): the
  frame k steps back lies in row r - min(k, age), since an episode younger than S steps repeats its first frame.
- Transitions start in the last `capacity // E` rows that have a row after them. R is S larger: for the newest state, and
  for the older frames of the oldest transition, which are there for as long as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from allcore.core import State, StateArray
from allcore.errors import CheckpointError, UsageError
from allcore.memory.column import Field, joined_frames, two_stacks
from allcore.memory.step_storage import STEPS, StepStorage

Transitions = tuple[StateArray, Tensor, Tensor, StateArray]


class StepRing:
    """Stores steps and hands out transitions at chosen places; which ones to choose is up to the replay buffer.

    Attributes:
        capacity: transitions over all environments.
        stored: transitions stored ever.
        num_startable: transitions that can be handed out now.

    Args:
        capacity: transitions over all environments.
        device: where the tensors lie.
    """

    def __init__(self, capacity: int, device: torch.device | str = "cpu") -> None:
        self.capacity = capacity
        self.device = torch.device(device)
        self.stored = 0
        self.num_startable = 0
        self._storage: StepStorage | None = None  # made when the first state shows what is in it
        self._startable = np.zeros((0, 0), dtype=bool)  # [R, E]: whether a transition starts here
        self._age = np.zeros((0, 0), dtype=np.uint8)  # [R, E]: how many older frames of the stack there are
        self._written = 0  # rows ever
        # The newest state, by which we see that a transition goes on from the one before. None before the first store,
        # and after loading, when an equal state does as well.
        self._newest: State | None = None
        self._newest_done = np.zeros(0, dtype=bool)  # [E]

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
        storage = self._storage or self._allocate(
            StepStorage.for_state(next_state, self.capacity, self.device)
        )
        values = storage.values(next_state)  # all checks come before the first change
        if state is None:
            self._begin(storage, next_state)
        else:
            action = storage.checked_action(action)
            if not self._is_newest(storage, state):
                self._begin(storage, state)
            self._start_transition(storage, action)
            self._append(storage, values, self._next_age(storage), next_state.done)
        self._newest = next_state

    def _allocate(self, storage: StepStorage) -> StepStorage:
        self._startable = np.zeros((storage.num_rows, storage.num_envs), dtype=bool)
        self._age = np.zeros((storage.num_rows, storage.num_envs), dtype=np.uint8)
        self._storage = storage
        return storage

    def _begin(self, storage: StepStorage, state: State) -> None:
        """Append a state that does not follow the newest one, after rows with the older frames of its stack."""
        values = storage.values(state)
        for back in range(storage.stack_size - 1, 0, -1):
            self._append(storage, storage.older_values(state, back), 0, state.done)
        self._append(storage, values, storage.stack_size - 1, state.done)

    def _start_transition(self, storage: StepStorage, action: Any) -> None:
        """Write the action taken in the newest state; unless the episode was over, a transition starts there."""
        row = (self._written - 1) % storage.num_rows
        storage.write_action(row, action)
        self._startable[row] = ~self._newest_done
        started = int(np.count_nonzero(self._startable[row]))
        self.num_startable += started
        self.stored += started

    def _append(self, storage: StepStorage, values: list[Any], age: Any, done: Any) -> None:
        """Write a state into the next row. The oldest row that transitions start in stops being one."""
        leaving = self._first_row()
        self._written += 1
        if self._first_row() > leaving:
            self.num_startable -= int(np.count_nonzero(self._startable[leaving % storage.num_rows]))
        row = (self._written - 1) % storage.num_rows
        storage.write(row, values)
        self._age[row] = age
        self._startable[row] = False
        on_host = done.cpu().numpy() if isinstance(done, Tensor) else done
        self._newest_done = np.array(on_host, dtype=bool, ndmin=1)  # a copy: environments may reuse tensors

    def _next_age(self, storage: StepStorage) -> Any:
        if storage.stack_size == 1:
            return 0
        age = self._age[(self._written - 1) % storage.num_rows]
        return np.where(self._newest_done, 0, np.minimum(age + 1, storage.stack_size - 1))

    def _is_newest(self, storage: StepStorage, state: State) -> bool:
        if self._newest is not None or not self._written:
            return state is self._newest
        storage.values(state)  # the same entries, or an error that says what differs
        stored, given = self.newest(), state if storage.batched else State.array([state])
        return all(
            torch.equal(stored[name].cpu(), given[name].cpu().to(stored[name].dtype))
            for name in storage.columns
        )

    # ---- where transitions start

    def _first_row(self) -> int:
        """The oldest row that a transition may start in."""
        span = 0 if self._storage is None else self.capacity // self._storage.num_envs
        return max(0, self._written - 1 - span)

    @property
    def num_places(self) -> int:
        """How many places (row, environment) there are in which transitions may start, startable or not."""
        if self._storage is None:
            return 0
        return max(0, self._written - 1 - self._first_row()) * self._storage.num_envs

    def startable(self, places: np.ndarray) -> np.ndarray:
        """Whether a transition starts in each of the places `[N]` (numbers below `num_places`, the oldest first)."""
        rows, envs = np.divmod(places, self._startable.shape[1])
        return self._startable[(rows + self._first_row()) % len(self._startable), envs]

    # ---- reading

    def transitions(self, places: np.ndarray, device: torch.device) -> Transitions:
        """The transitions that start in `places` `[N]`: states, actions, rewards `[N]` and next states on `device`.

        The mask of the states is 1: an action was taken in each, whatever happened on arriving there (a life lost).
        """
        storage = self._allocated()
        rows, envs = np.divmod(places, storage.num_envs)
        rows = rows + self._first_row()
        frames = self._frame_positions(storage, rows, envs)
        following = (rows + 1) % storage.num_rows * storage.num_envs + envs
        # The stacks of a state and of its successor share all frames but one each, so these are fetched once.
        frames_and_next = torch.from_numpy(np.column_stack((frames, following))).to(self.device)
        both = frames_and_next[:, -2:].T.contiguous()
        first: dict[str, Tensor] = {}
        second: dict[str, Tensor] = {}
        for name, column in storage.columns.items():
            field = column.field
            if field.stack_size == 1:
                first[name], second[name] = column.gather(both).to(device).unbind()
            else:
                fetched = column.gather(frames_and_next[:, -field.stack_size - 1 :]).to(device)
                first[name], second[name] = two_stacks(fetched, field)
        first["mask"] = torch.ones(len(places), device=device)
        second[STEPS] = torch.ones(len(places), device=device)
        actions = storage.read_actions(both[0]).to(device)
        shape = (len(places),)
        return StateArray(first, shape), actions, second["reward"], StateArray(second, shape)

    def newest(self) -> StateArray:
        """The state stored last, as a StateArray `[E]` on the storage's device."""
        storage = self._allocated()
        envs = np.arange(storage.num_envs)
        frames = self._frame_positions(storage, np.full_like(envs, self._written - 1), envs)
        positions = torch.from_numpy(frames).to(self.device)
        entries = {}
        for name, column in storage.columns.items():
            fetched = column.gather(positions[:, -column.field.stack_size :])
            entries[name] = (
                fetched[:, 0] if column.field.stack_size == 1 else joined_frames(fetched, column.field)
            )
        return StateArray(entries, (storage.num_envs,))

    def _frame_positions(self, storage: StepStorage, rows: np.ndarray, envs: np.ndarray) -> np.ndarray:
        """Where the S frames of the states in `rows`, `envs` lie, `[N, S]`, the oldest first."""
        rows = rows[:, None]
        if storage.stack_size > 1:
            age = self._age[rows[:, 0] % storage.num_rows, envs]
            back = np.arange(storage.stack_size - 1, -1, -1)
            rows = rows - np.minimum(back, age[:, None])
        return rows % storage.num_rows * storage.num_envs + envs[:, None]

    def _allocated(self) -> StepStorage:
        if self._storage is None:
            raise UsageError(
                "nothing has been stored in this replay buffer yet", hint="store a transition first"
            )
        return self._storage

    # ---- continuing later

    def state_dict(self) -> dict[str, Any]:
        """Everything stored, as tensors that share the memory of the storage, and numbers."""
        counters = {"capacity": self.capacity, "written": self._written, "stored": self.stored}
        counters["num_startable"] = self.num_startable
        storage = self._storage
        if storage is None:
            return counters
        filled = slice(min(self._written, storage.num_rows))
        state: dict[str, Any] = {
            **counters,
            "num_envs": storage.num_envs,
            "batched": storage.batched,
            "stack_sizes": {name: column.field.stack_size for name, column in storage.columns.items()},
            "channel_dims": {name: column.field.channel_dim for name, column in storage.columns.items()},
            "entries": {name: column.tensor[filled] for name, column in storage.columns.items()},
            "age": torch.from_numpy(self._age[filled]),
            "startable": torch.from_numpy(self._startable[filled]),
            "newest_done": torch.from_numpy(self._newest_done),
        }
        if storage.actions is not None:
            state["actions"] = storage.actions.tensor[filled]
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave. The next state to be stored need only equal the newest one.

        Raises:
            CheckpointError: it comes from a buffer of another capacity, or of other states.
        """
        if state["capacity"] != self.capacity:
            raise CheckpointError(
                f"a replay buffer of {state['capacity']:,} transitions cannot be loaded into one of {self.capacity:,}",
                hint="build the preset with the same replay_buffer_size",
            )
        if "entries" in state:
            self._restore(state)
        self._written, self.stored = state["written"], state["stored"]
        self.num_startable = state["num_startable"]
        self._newest = None

    def _restore(self, state: dict[str, Any]) -> None:
        fields = [
            Field(
                name,
                tuple(entry.shape[2:]),
                entry.dtype,
                state["stack_sizes"][name],
                state["channel_dims"][name],
            )
            for name, entry in state["entries"].items()
        ]
        num_envs, batched = state["num_envs"], state["batched"]
        storage = self._storage or self._allocate(
            StepStorage(fields, self.capacity, num_envs, batched, self.device)
        )
        own = [column.field for column in storage.columns.values()]
        if (storage.num_envs, storage.batched, own) != (num_envs, batched, fields):
            raise CheckpointError(
                "a replay buffer cannot be loaded into one that holds states of another kind"
            )
        for name, entry in state["entries"].items():
            storage.columns[name].tensor[: len(entry)] = entry
        if "actions" in state:
            storage.restore_actions(state["actions"])
        self._age[: len(state["age"])] = state["age"].numpy()
        self._startable[: len(state["startable"])] = state["startable"].numpy()
        self._newest_done = state["newest_done"].numpy().copy()
