"""What an agent sees at one timestep (`State`), and many of them at once (`StateArray`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from allcore.core.frames import StackedFrames

OBSERVATION = "observation"
_PART = OBSERVATION + "."


class State:
    """A mapping of named values for one timestep. Changing one gives a new state; nothing is changed in place.

    Standard entries:
        observation: a tensor, or several under flat keys (`observation.image`, `observation.pose`) where the
            environment's observation is a dict; `state.observation` is then a dict of tensors.
        reward: the reward received on arriving here (float).
        done: an episode ended here, for whatever reason (bool).
        mask: 0.0 where there is nothing to bootstrap from: terminated, never truncated (float).

    Any further entry is carried along.
    """

    shape: tuple[int, ...] = ()

    def __init__(self, entries: Mapping[str, Any]) -> None:
        """Take `entries`; missing standard entries get reward 0, done False and mask `1 - done`."""
        self._entries: dict[str, Any] = dict(entries)
        self._entries.setdefault("reward", 0.0)
        self._entries.setdefault("done", False)
        if "mask" not in self._entries:
            self._entries["mask"] = 0.0 if self._entries["done"] else 1.0

    @staticmethod
    def array(states: Sequence[State]) -> StateArray:
        """Stack states (or arrays of one shape) along a new first dimension.

        Raises:
            ValueError: the list is empty, or an entry is missing from some of the states.
        """
        keys = _common_keys(states)
        shape = (len(states), *states[0].shape)
        stacked = {key: torch.stack([_as_tensor(state[key]) for state in states]) for key in keys}
        return StateArray(stacked, shape)

    # ---- reading

    def __getitem__(self, key: str) -> Any:
        """The entry `key`; a stack of frames reads as one tensor, `observation` may be a dict of tensors."""
        try:
            entry = self._entries[key]
        except KeyError:
            if key == OBSERVATION and (parts := self._observation_parts()):
                return parts
            raise KeyError(f"this state has no entry {key!r}; it has {', '.join(self._entries)}") from None
        return entry.tensor() if isinstance(entry, StackedFrames) else entry

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[Any]:
        return iter(self._entries)

    def keys(self) -> list[str]:
        """The names of all entries, observations of several parts under flat keys."""
        return list(self._entries)

    def get(self, key: str, default: Any = None) -> Any:
        """The entry `key`, or `default`."""
        return self[key] if key in self._entries else default

    def frames(self, key: str) -> tuple[Any, int]:
        """The newest frame of the entry `key` and the size of its stack; the entry itself and 1 if it is no stack."""
        entry = self._entries[key]
        return (entry.newest, entry.size) if isinstance(entry, StackedFrames) else (entry, 1)

    @property
    def observation(self) -> Any:
        """The observation: a tensor, or a dict of tensors by part."""
        return self[OBSERVATION]

    @property
    def reward(self) -> Any:
        """The reward received on arriving here."""
        return self._entries["reward"]

    @property
    def done(self) -> Any:
        """Whether an episode ended here, for whatever reason."""
        return self._entries["done"]

    @property
    def mask(self) -> Any:
        """0.0 where there is nothing to bootstrap from (terminated), else 1.0."""
        return self._entries["mask"]

    @property
    def device(self) -> torch.device:
        """Where the observation lies."""
        for entry in self._entries.values():
            if isinstance(entry, StackedFrames):
                return entry.newest.device
            if isinstance(entry, Tensor):
                return entry.device
        return torch.device("cpu")

    # ---- changing (each gives a new state)

    def update(self, key: str, value: Any) -> Any:
        """The same state with one entry set; a dict under `observation` is stored as flat keys."""
        entries = dict(self._entries)
        if key == OBSERVATION:
            for part in [name for name in entries if name.startswith(_PART)]:
                del entries[part]
            if isinstance(value, Mapping):
                entries.pop(OBSERVATION, None)
                entries.update({_PART + name: part for name, part in value.items()})
                return self._like(entries)
        entries[key] = value
        return self._like(entries)

    def to(self, device: torch.device | str) -> Any:
        """The same state with every tensor on `device`; itself, if all lie there."""
        device = torch.device(device) if isinstance(device, str) else device
        for entry in self._entries.values():
            if not _is_on(device, entry):
                break
        else:
            return self
        # A copy to the CPU that did not wait could be read before it is there.
        non_blocking = device.type != "cpu"
        return self._like(
            {
                key: self[key].to(device, non_blocking=non_blocking) if _is_tensor(entry) else entry
                for key, entry in self._entries.items()
            }
        )

    # ---- through a model

    def apply(self, model: Callable[..., Tensor], *keys: str) -> Tensor:
        """Call `model` on the named entries as one batch, in this state's shape, zero where the mask is zero."""
        return self.apply_mask(self.apply_unmasked(model, *keys))

    def apply_unmasked(self, model: Callable[..., Tensor], *keys: str) -> Tensor:
        """Like `apply`, without the mask: for choosing actions, which a life lost or an episode's end does not change."""
        return self.as_output(model(*(self.as_input(key) for key in keys)))

    def as_input(self, key: str) -> Any:
        """The entry as a batch `[N, ...]` (N = all leading dimensions together; 1 for a single state)."""
        value = self[key]
        if isinstance(value, dict):
            return {name: self._batch(part) for name, part in value.items()}
        return self._batch(_as_tensor(value))

    def as_output(self, tensor: Tensor) -> Tensor:
        """A batch `[N, ...]` in this state's shape `[*shape, ...]`."""
        return tensor if len(self.shape) == 1 else tensor.reshape(self.shape + tensor.shape[1:])

    def apply_mask(self, tensor: Tensor) -> Tensor:
        """`tensor` `[*shape, ...]`, zero where the mask is zero."""
        if not self.shape:
            return tensor * self.mask
        return tensor * self.mask.reshape(self.shape + (1,) * (tensor.dim() - len(self.shape)))

    # ---- private

    def _batch(self, tensor: Tensor) -> Tensor:
        return tensor if len(self.shape) == 1 else tensor.reshape((-1, *tensor.shape[len(self.shape) :]))

    def _observation_parts(self) -> dict[str, Any]:
        return {key[len(_PART) :]: self[key] for key in self._entries if key.startswith(_PART)}

    def _like(self, entries: dict[str, Any]) -> State:
        return State(entries)

    def __repr__(self) -> str:
        entries = ", ".join(f"{key}={_describe(entry)}" for key, entry in self._entries.items())
        return f"{type(self).__name__}({entries})"


class StateArray(State):
    """States with leading batch dimensions: every entry is a tensor `[*shape, ...]`."""

    def __init__(self, entries: Mapping[str, Any], shape: Sequence[int]) -> None:
        """Take tensors whose first dimensions are `shape`.

        Raises:
            ValueError: an entry's first dimensions are not `shape`.
        """
        self.shape = tuple(shape)
        self._entries = dict(entries)
        if "reward" not in self._entries:
            self._entries["reward"] = torch.zeros(self.shape, device=self.device)
        if "done" not in self._entries:
            self._entries["done"] = torch.zeros(self.shape, dtype=torch.bool, device=self.device)
        if "mask" not in self._entries:
            self._entries["mask"] = 1.0 - self._entries["done"].float()
        for key, entry in self._entries.items():
            found = entry.newest.shape if isinstance(entry, StackedFrames) else entry.shape
            if found[: len(self.shape)] != self.shape:
                raise ValueError(
                    f"entry {key!r} has shape {tuple(found)}, which does not begin with {self.shape}"
                )

    @staticmethod
    def cat(arrays: Sequence[StateArray]) -> StateArray:
        """Join arrays along their first dimension.

        Raises:
            ValueError: the list is empty, or an entry is missing from some of the arrays.
        """
        keys = _common_keys(arrays)
        shape = (sum(array.shape[0] for array in arrays), *arrays[0].shape[1:])
        return StateArray({key: torch.cat([array[key] for array in arrays]) for key in keys}, shape)

    def __getitem__(self, key: Any) -> Any:
        """An entry by name; states by position, slice, index tensor or boolean mask over the leading dimensions."""
        if isinstance(key, str):
            return super().__getitem__(key)
        entries = {name: self[name][key] for name in self._entries}
        shape = self.done[key].shape
        if not shape:
            scalars = {
                name: _as_scalar(value) if name in _SCALARS else value for name, value in entries.items()
            }
            return State(scalars)
        return StateArray(entries, shape)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def __len__(self) -> int:
        return self.shape[0]

    def view(self, *shape: int) -> StateArray:
        """The same states with other leading dimensions; one of them may be -1."""
        new = self.done.reshape(shape).shape
        entries = {key: self[key].reshape(new + self[key].shape[len(self.shape) :]) for key in self._entries}
        return StateArray(entries, new)

    def flatten(self) -> StateArray:
        """The same states with a single leading dimension."""
        return self.view(-1)

    def batch_execute(self, minibatch_size: int, fn: Callable[[StateArray], Tensor]) -> Tensor:
        """Call `fn` on slices of at most `minibatch_size` states along the first dimension, and join what it returns."""
        slices = range(0, len(self), minibatch_size)
        return torch.cat([fn(self[start : start + minibatch_size]) for start in slices])

    def _like(self, entries: dict[str, Any]) -> StateArray:
        return StateArray(entries, self.shape)


class MultiagentState(State):
    """A state that says in its entry `agent` which of the agents it is meant for."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        """Take `entries`.

        Raises:
            ValueError: there is no entry `agent`.
        """
        if "agent" not in entries:
            raise ValueError(
                "a MultiagentState needs the entry 'agent': the name of the agent whose turn it is"
            )
        super().__init__(entries)

    @property
    def agent(self) -> str:
        """The name of the agent whose turn it is."""
        return cast("str", self._entries["agent"])

    def _like(self, entries: dict[str, Any]) -> MultiagentState:
        return MultiagentState(entries)


_SCALARS = ("reward", "done", "mask")


def _is_tensor(entry: Any) -> bool:
    return isinstance(entry, (Tensor, StackedFrames))


def _is_on(device: torch.device, entry: Any) -> bool:
    if isinstance(entry, Tensor):
        return entry.device == device
    return not isinstance(entry, StackedFrames) or entry.newest.device == device


def _as_tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else torch.as_tensor(value)


def _as_scalar(value: Tensor) -> Any:
    return value.item()


def _describe(entry: Any) -> str:
    if isinstance(entry, StackedFrames):
        return f"{entry.size} frames {tuple(entry.newest.shape)}"
    if isinstance(entry, Tensor) and entry.dim() > 0:
        return f"{str(entry.dtype).removeprefix('torch.')}{list(entry.shape)}"
    return repr(entry)


def _common_keys(states: Sequence[State]) -> list[str]:
    if not states:
        raise ValueError("there are no states to put together")
    keys = states[0].keys()
    for index, state in enumerate(states):
        if differing := sorted(set(keys) ^ set(state.keys())):
            raise ValueError(
                f"states 0 and {index} do not have the same entries: only one of them has {', '.join(differing)}"
            )
    return keys
