"""What is known of every place of the step ring: where transitions start, and where their windows end.

Letters: N batch, E environments, R rows, S frames in the largest stack, n the most steps of a transition.

A place is one environment at one row. Its number, `row * E + environment`, counts up for ever, so it never means two things;
it lies at position `place % (R * E)` of the tables.

The window of a transition reaches from its place to the state it leads to: n rows further on, or fewer if on the way an
episode ends, a life is lost, or storing breaks off (the next row does not follow). So with n = 1 it is the next row. While a
window is open, that is while the row where it will end is not written yet, nothing can be drawn at its place. Of each
environment, the places with open windows are the last ones, so it is enough to count them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

_TABLES = ("age", "startable", "goes_on")
_NEWEST = ("newest_done", "newest_ends", "open")
_COUNTERS = ("written", "stored", "num_startable")


class StepNotes:
    """Tables `[R, E]` of the rows, kept on the host, where places are chosen.

    Attributes:
        num_envs: E.
        size: R * E, the positions.
        n_steps: n.
        written: rows ever.
        stored: transitions stored ever.

    Args:
        num_rows: R.
        num_envs: E.
        span: how many of the last rows transitions start in, at least n.
        stack_size: S.
        n_steps: n.
    """

    def __init__(self, num_rows: int, num_envs: int, span: int, stack_size: int, n_steps: int) -> None:
        self.num_envs, self.n_steps = num_envs, n_steps
        self.size = num_rows * num_envs
        self.written = 0
        self.stored = 0
        self.num_startable = 0  # places that a transition starts in, those with open windows included
        self._num_rows, self._span, self._stack_size = num_rows, span, stack_size
        self.age = np.zeros(
            (num_rows, num_envs), dtype=np.uint8
        )  # how many older frames of the stack there are
        self.startable = np.zeros((num_rows, num_envs), dtype=bool)  # whether a transition starts here
        self.goes_on = np.zeros(
            (num_rows, num_envs), dtype=bool
        )  # whether a window may reach beyond, if n > 1
        # of the row written last, [E]
        self.newest_done = np.zeros(num_envs, dtype=bool)
        self.newest_ends = np.zeros(
            num_envs, dtype=bool
        )  # the episode ended here, or a life was lost; if n > 1
        self.open = np.zeros(num_envs, dtype=np.int64)  # how many windows are open

    # ---- writing

    def start(self) -> None:
        """An action was taken in the newest states: transitions start there, except where the episode was over."""
        row = (self.written - 1) % self._num_rows
        self.startable[row] = ~self.newest_done
        if self.n_steps > 1:
            self.goes_on[row] = ~self.newest_ends
        started = int(np.count_nonzero(self.startable[row]))
        self.num_startable += started
        self.stored += started

    def break_off(self) -> None:
        """The next row does not follow the newest one. Windows that are open end here, as if the episode were cut off."""
        self.open = np.zeros_like(self.open)

    def append(self, age: Any, done: Any, mask: Any) -> None:
        """The next row is written. The oldest row that transitions start in stops being one.

        Args:
            age: older frames in the stacks of its states, `[E]` or a number.
            done: whether the episodes ended there, `[E]` or a bool.
            mask: the mask of its states, `[E]` or a number.
        """
        leaving, before = self.first_row, (self.written - 1) % self._num_rows
        self.written += 1
        if self.first_row > leaving:
            self.num_startable -= int(np.count_nonzero(self.startable[leaving % self._num_rows]))
        # copies: environments may reuse their tensors
        self.newest_done = np.array(_on_host(done), dtype=bool, ndmin=1)
        if self.n_steps > 1:
            self.newest_ends = self.newest_done | (np.asarray(_on_host(mask)) == 0)
            still_open = np.minimum(self.open + self.startable[before], self.n_steps - 1)
            self.open = np.where(self.newest_ends, 0, still_open)
        row = (self.written - 1) % self._num_rows
        self.age[row] = age
        self.startable[row] = False
        self.goes_on[row] = False  # as long as nothing follows

    def next_age(self) -> Any:
        """How many older frames the stacks of a state have that follows the newest one: none where an episode begins."""
        if self._stack_size == 1:
            return 0
        age = self.age[(self.written - 1) % self._num_rows]
        return np.where(self.newest_done, 0, np.minimum(age + 1, self._stack_size - 1))

    # ---- places

    @property
    def first_row(self) -> int:
        """The oldest row that a transition may start in."""
        return max(0, self.written - 1 - self._span)

    @property
    def first_place(self) -> int:
        """The oldest place that a transition may start in; those before it have given way."""
        return self.first_row * self.num_envs

    @property
    def num_places(self) -> int:
        """How many places there are from `first_place` up to the row written last, whether something starts there or not."""
        return max(0, self.written - 1 - self.first_row) * self.num_envs

    @property
    def num_drawable(self) -> int:
        """How many transitions can be drawn."""
        return self.num_startable - (int(self.open.sum()) if self.n_steps > 1 else 0)

    def closed_rows(self) -> np.ndarray:
        """For each environment `[E]` the row before which no window is open."""
        return self.written - 1 - self.open

    def drawable(self, places: np.ndarray) -> np.ndarray:
        """Whether a transition can be drawn at each of the places `[N]`, which are none older than `first_row`."""
        found = self.startable.reshape(-1)[places % self.size]
        if self.n_steps > 1:
            rows, envs = np.divmod(places, self.num_envs)
            found &= rows < self.closed_rows()[envs]
        return found

    def places_at(self, positions: np.ndarray) -> np.ndarray:
        """The newest places `[N]` at the positions `[N]`."""
        newest = self.written * self.num_envs - 1
        return newest - (newest - positions) % self.size

    def window_lengths(self, places: np.ndarray) -> np.ndarray:
        """How many steps, 1 to n, the windows of drawable places `[N]` reach."""
        between = places[:, None] + np.arange(1, self.n_steps) * self.num_envs
        goes_on = self.goes_on.reshape(-1)[between % self.size]
        return 1 + np.logical_and.accumulate(goes_on, axis=1).sum(axis=1)

    def frame_positions(self, places: np.ndarray) -> np.ndarray:
        """Where the S frames of the states at `places` `[N]` lie, `[N, S]`, the oldest first."""
        places = places[:, None]
        if self._stack_size > 1:
            age = self.age.reshape(-1)[places % self.size]
            back = np.arange(self._stack_size - 1, -1, -1)
            places = places - np.minimum(back, age) * self.num_envs
        return places % self.size

    # ---- continuing later

    def state_dict(self) -> dict[str, Any]:
        """The tables as tensors that share their memory, as far as they are filled, and the counters."""
        filled = slice(min(self.written, self._num_rows))
        tables = {name: torch.from_numpy(getattr(self, name)[filled]) for name in _TABLES}
        newest = {name: torch.from_numpy(getattr(self, name)) for name in _NEWEST}
        return {**{name: getattr(self, name) for name in _COUNTERS}, **tables, **newest}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        for name in _COUNTERS:
            setattr(self, name, state[name])
        for name in _TABLES:
            getattr(self, name)[: len(state[name])] = state[name].numpy()
        for name in _NEWEST:
            setattr(self, name, state[name].numpy().copy())


def _on_host(value: Any) -> Any:
    return value.detach().cpu().numpy() if isinstance(value, Tensor) else value
