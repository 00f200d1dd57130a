"""The last few steps of several environments, for agents that learn from what they have just done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from allcore.core import StateArray
from allcore.errors import CheckpointError, UsageError
from allcore.memory.column import Column, Field, field_of_value

_ACTION = "action"


@dataclass(frozen=True)
class Rollout:
    """T steps of E environments. Row (t, e) is the step from environment e's state at tick t to the one at tick t + 1.

    Under next-step autoreset some rows are no step: where the state is done, the action was ignored and what follows is
    another episode. They stay, so that shapes never change, and have weight 0. Every mean over rows is a `weighted_mean`.

    Attributes:
        states: `[T, E]`, with mask 1: an action was taken in each, whatever happened on arriving there.
        actions: `[T, E, ...]`.
        rewards: of the steps, `[T, E]`.
        next_masks: of the states that the steps led to, `[T, E]`: 0 where there is nothing to bootstrap from.
        next_dones: of the same states, `[T, E]`: whether an episode ended there.
        weights: `[T, E]`, 0.0 where the row is no step, else 1.0.
        extras: whatever else was stored with the steps, by name, `[T, E, ...]`.
        last_states: the states that the last steps led to, `[E]`, with mask 1.
        all_states: `states` and `last_states` together, `[T + 1, E]`.
    """

    states: StateArray
    actions: Tensor
    rewards: Tensor
    next_masks: Tensor
    next_dones: Tensor
    weights: Tensor
    extras: dict[str, Tensor]
    last_states: StateArray
    all_states: StateArray

    @property
    def values_shape(self) -> tuple[int, ...]:
        """The shape of the values of all states: `(T + 1, E)`."""
        return self.all_states.shape

    def values(self, v: Callable[[StateArray], Tensor]) -> Tensor:
        """The values of all states, unmasked, `[T + 1, E]`, by one call of `v`, which gives `[N]` for N states."""
        return v(self.all_states.flatten()).view(self.values_shape)

    def flatten(self) -> Rollout:
        """The same rows with a single leading dimension: row `t * E + e`. `last_states` and `all_states` stay."""
        return replace(
            self,
            states=self.states.flatten(),
            actions=self.actions.flatten(0, 1),
            rewards=self.rewards.flatten(),
            next_masks=self.next_masks.flatten(),
            next_dones=self.next_dones.flatten(),
            weights=self.weights.flatten(),
            extras={name: extra.flatten(0, 1) for name, extra in self.extras.items()},
        )

    def minibatches(self, num: int, generator: torch.Generator) -> Iterator[Tensor]:
        """Like `minibatch_rows`, for the T * E rows of the flat rollout."""
        return minibatch_rows(self.weights.numel(), num, generator, self.weights.device)


def minibatch_rows(
    num_rows: int, num: int, generator: torch.Generator, device: torch.device | str = "cpu"
) -> Iterator[Tensor]:
    """Go through rows in random order, in `num` minibatches of the same size B.

    B is `num_rows // num`. If that leaves rows over (fewer than `num`), they are left out this time; since the order is
    drawn anew by each call, no row is left out more often than another.

    Args:
        num_rows: how many rows there are.
        num: how many minibatches to make of them.
        generator: draws the order, on the CPU.
        device: where the indices are wanted.

    Yields:
        Indices `[B]` of rows, no row twice.

    Raises:
        UsageError: there are fewer rows than minibatches.
    """
    if not 1 <= num <= num_rows:
        raise UsageError(
            f"{num_rows} rows cannot be split into {num} minibatches",
            hint="give at most as many minibatches as there are steps times environments",
        )
    size = num_rows // num
    order = torch.randperm(num_rows, generator=generator).to(device)
    return iter(order[: num * size].view(num, size))


class RolloutBuffer:
    """Keeps the last T steps of E environments, then hands them out and begins again.

    Call `store` with the states and the actions taken in them at every tick, the reset ticks included. After T calls the
    buffer is `full`, and `rollout` with the states of the next tick gives them back. What is stored is copied into memory
    of the buffer's own, which is taken at the first `store` and written in place ever after.

    Letters: T steps, E environments.

    Args:
        n_steps: T.
        device: where the steps are kept and handed out.
    """

    def __init__(self, n_steps: int, device: torch.device | str = "cpu") -> None:
        if n_steps < 1:
            raise UsageError(f"a rollout cannot have {n_steps} steps", hint="give 1 or more agent steps")
        self.n_steps = n_steps
        self.device = torch.device(device)
        self._stored = 0
        # One row more than steps: the last holds the states that the last steps led to.
        self._entries: dict[str, Column] = {}
        self._actions: dict[str, Column] = {}
        self._extras: dict[str, Column] = {}
        self._ones = torch.empty(0)  # the masks of all states, [T + 1, E]

    def __len__(self) -> int:
        """How many ticks are stored, from 0 to T."""
        return self._stored

    @property
    def full(self) -> bool:
        """Whether T ticks are stored."""
        return self._stored == self.n_steps

    def store(self, states: StateArray, actions: Tensor, **extras: Tensor) -> None:
        """Keep a copy of one tick.

        Args:
            states: `[E]`.
            actions: what was done in them, `[E, ...]`.
            extras: anything else to be kept with them, `[E, ...]`, such as log-probabilities. No gradients are kept.

        Raises:
            UsageError: the buffer is full, or something is missing, new, or of another shape or type than at the first store.
        """
        if self.full:
            raise UsageError(
                f"this rollout buffer is full: it holds {self.n_steps} steps",
                hint="call rollout(states) as soon as `full` is true, before the next store",
            )
        if not self._entries:
            self._allocate(states, actions, extras)
        entries = _checked(self._entries, _entries_of(states), "a state")
        action = _checked(self._actions, {_ACTION: actions}, "an action")
        others = _checked(self._extras, extras, "a step")
        for columns, values in ((self._entries, entries), (self._actions, action), (self._extras, others)):
            _write(columns, self._stored, values)
        self._stored += 1

    def rollout(self, last_states: StateArray) -> Rollout:
        """The T steps, and the buffer is empty again.

        The tensors are the buffer's own: learn from them, or copy them, before the next `store`.

        Args:
            last_states: the states that the last actions led to, `[E]`.

        Raises:
            UsageError: the buffer is not full, or the states are not like those stored.
        """
        if not self.full:
            raise UsageError(
                f"a rollout has {self.n_steps} steps, but only {self._stored} have been stored",
                hint="wait until `full` is true",
            )
        _write(self._entries, self.n_steps, _checked(self._entries, _entries_of(last_states), "a state"))
        self._stored = 0
        return self._rollout()

    def _rollout(self) -> Rollout:
        entries = {name: column.tensor for name, column in self._entries.items()}
        rewards, masks, dones = entries["reward"], entries["mask"], entries["done"]
        all_states = StateArray({**entries, "mask": self._ones}, self._ones.shape)
        weights = 1.0 - dones[:-1].to(self._ones.dtype)
        return Rollout(
            states=all_states[:-1],
            actions=self._actions[_ACTION].tensor[:-1],
            # A reset tick leads to a first state, whose reward is no reward of a step, whatever stands there.
            rewards=torch.where(dones[:-1], 0.0, rewards[1:]),
            next_masks=masks[1:],
            next_dones=dones[1:],
            weights=weights,
            extras={name: column.tensor[:-1] for name, column in self._extras.items()},
            last_states=all_states[-1],
            all_states=all_states,
        )

    # ---- memory

    def _allocate(self, states: StateArray, actions: Tensor, extras: Mapping[str, Tensor]) -> None:
        if len(states.shape) != 1:
            raise UsageError(
                f"a rollout buffer stores one tick of several environments, not states of shape {states.shape}",
                hint="give a StateArray with one leading dimension (the environments), even for one environment",
            )
        (num_envs,) = states.shape
        self._entries = self._columns(_fields(_entries_of(states)), num_envs)
        self._actions = self._columns(_fields({_ACTION: actions}), num_envs)
        self._extras = self._columns(_fields(extras), num_envs)
        self._ones = torch.ones((self.n_steps + 1, num_envs), device=self.device)

    def _columns(self, fields: list[Field], num_envs: int) -> dict[str, Column]:
        rows = self.n_steps + 1
        return {
            field.name: Column(field, rows, num_envs, batched=True, device=self.device) for field in fields
        }

    # ---- continuing later

    def state_dict(self) -> dict[str, Any]:
        """The steps stored so far, as tensors that share the buffer's memory, and numbers."""
        state: dict[str, Any] = {"n_steps": self.n_steps, "stored": self._stored}
        if self._stored:
            for name, columns in (
                ("entries", self._entries),
                ("actions", self._actions),
                ("extras", self._extras),
            ):
                state[name] = {key: column.tensor[: self._stored] for key, column in columns.items()}
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly from where `state_dict` was taken.

        Raises:
            CheckpointError: it comes from a buffer of another number of steps, or of other states.
        """
        if state["n_steps"] != self.n_steps:
            raise CheckpointError(
                f"rollouts of {state['n_steps']} steps cannot be loaded into a buffer of {self.n_steps}",
                hint="build the preset with the same n_steps",
            )
        stored = state["stored"]
        if stored:
            self._restore(state, stored)
        self._stored = stored

    def _restore(self, state: Mapping[str, Any], stored: int) -> None:
        parts: list[dict[str, Tensor]] = [state["entries"], state["actions"], state["extras"]]
        num_envs = parts[0]["done"].shape[1]
        fields = [
            [Field(name, tuple(saved.shape[2:]), saved.dtype) for name, saved in part.items()]
            for part in parts
        ]
        if not self._entries:
            self._entries, self._actions, self._extras = (self._columns(part, num_envs) for part in fields)
            self._ones = torch.ones((self.n_steps + 1, num_envs), device=self.device)
        own = [self._entries, self._actions, self._extras]
        kinds = [[column.field for column in columns.values()] for columns in own]
        if kinds != fields or self._ones.shape[1] != num_envs:
            raise CheckpointError(
                "a rollout cannot be loaded into a buffer that holds states of another kind"
            )
        for columns, part in zip(own, parts, strict=True):
            for name, saved in part.items():
                columns[name].tensor[:stored] = saved


def _entries_of(states: StateArray) -> dict[str, Tensor]:
    """All entries `[E, ...]`, a stack of frames as one tensor."""
    return {name: states[name] for name in states.keys()}  # noqa: SIM118 - iterating over an array gives its states


def _fields(values: Mapping[str, Tensor]) -> list[Field]:
    return [field_of_value(name, value, 1) for name, value in values.items()]


def _checked(columns: Mapping[str, Column], values: Mapping[str, Tensor], what: str) -> dict[str, Any]:
    """The values, if there is one for every column and it fits.

    Raises:
        UsageError: one is missing, new, or not like the first.
    """
    if columns.keys() != values.keys():
        differing = sorted(columns.keys() ^ values.keys())
        raise UsageError(
            f"{what} with {', '.join(values) or 'nothing'} cannot be stored in a rollout buffer that was begun with "
            f"{', '.join(columns) or 'nothing'}; only one of them has {', '.join(differing)}",
            hint="every tick needs the same entries, with the same shapes and types",
        )
    return {name: columns[name].checked(value) for name, value in values.items()}


def _write(columns: Mapping[str, Column], row: int, values: Mapping[str, Any]) -> None:
    """Copy checked values into a row. A copy that waits: when it returns, nobody's tensors are read any more."""
    for name, value in values.items():
        columns[name].write(row, value)
