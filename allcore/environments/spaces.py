"""Spaces: as JSON, as what tensors can hold, and the entries of a `State` that an observation becomes."""

from __future__ import annotations

import math
import reprlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from allcore.core.state import OBSERVATION
from allcore.errors import UsageError

# torch computes in these; float64 would double memory and time for digits that no network uses.
_TENSOR_DTYPES = {"float64": "float32", "uint16": "int32", "uint32": "int64", "uint64": "int64"}

#: The most that a space in a file may have: eight times an image of 1920 x 1080 x 4.
MOST_NUMBERS = 2**26

_LEAVES = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)


# ---- spaces as JSON


def space_to_json(space: spaces.Space[Any]) -> dict[str, Any]:
    """Describe a space in values that JSON holds exactly; `space_from_json` turns them into an equal space.

    Infinite bounds are written as text, since JSON has no infinity, and equal bounds are written once.

    Raises:
        UsageError: the space is none of Box, Discrete, MultiDiscrete, MultiBinary, Dict, Tuple, or has a bound that is
            not a number.
    """
    kind = type(space).__name__
    if isinstance(space, spaces.Box):
        bounds = {"low": _bounds_to_json(space.low), "high": _bounds_to_json(space.high)}
        return {"type": kind, "shape": list(space.shape), "dtype": str(space.dtype), **bounds}
    if isinstance(space, spaces.Discrete):
        return {"type": kind, "n": int(space.n), "start": int(space.start), "dtype": str(space.dtype)}
    if isinstance(space, spaces.MultiDiscrete):
        counts = {"nvec": space.nvec.tolist(), "start": space.start.tolist()}
        return {"type": kind, "dtype": str(space.dtype), **counts}
    if isinstance(space, spaces.MultiBinary):
        return {"type": kind, "n": space.n if isinstance(space.n, int) else list(space.n)}
    if isinstance(space, spaces.Dict):
        return {"type": kind, "spaces": {key: space_to_json(part) for key, part in space.items()}}
    if isinstance(space, spaces.Tuple):
        return {"type": kind, "spaces": [space_to_json(part) for part in space]}
    raise _unsupported(space)


def space_from_json(description: Mapping[str, Any]) -> spaces.Space[Any]:
    """Make the space that `space_to_json` described.

    Raises:
        UsageError: it describes no space that we know, or one of more than `MOST_NUMBERS`.
    """
    try:
        if _count_numbers(description) > MOST_NUMBERS:
            raise ValueError(f"more than {MOST_NUMBERS:,} numbers in one observation or action")
        with warnings.catch_warnings():
            # Of bounds that lose digits: they were written by the space that had them.
            warnings.simplefilter("ignore", UserWarning)
            return _from_json(description)
    except (
        Exception
    ) as error:  # NumPy and Gymnasium raise and assert whatever they like about what makes no sense
        raise UsageError(
            f"This does not describe a space ({error!r}): {reprlib.repr(description)}"
        ) from error


def _count_numbers(given: Mapping[str, Any]) -> int:
    """How many numbers a space has, before anything of its size is made: a few digits in a file can ask for all memory."""
    if given["type"] in ("Dict", "Tuple"):
        parts = given["spaces"]
        return sum(_count_numbers(part) for part in (parts.values() if isinstance(parts, dict) else parts))
    size = given.get("shape", given.get("n", 1)) if given["type"] in ("Box", "MultiBinary") else 1
    sizes = size if isinstance(size, list) else [size]
    if not all(type(part) is int and part >= 0 for part in sizes):
        raise ValueError(f"{size!r} is no shape")
    return math.prod(sizes)


def _from_json(given: Mapping[str, Any]) -> spaces.Space[Any]:
    kind = given["type"]
    if kind == "Box":
        shape, dtype = tuple(given["shape"]), _dtype(given)
        low, high = (_bounds_from_json(given[bound], shape, dtype) for bound in ("low", "high"))
        return spaces.Box(low, high, shape, dtype.type)
    if kind == "Discrete":
        dtype = _dtype(given)
        return spaces.Discrete(given["n"], start=given["start"], dtype=dtype.type)
    if kind == "MultiDiscrete":
        dtype = _dtype(given)
        return spaces.MultiDiscrete(
            np.array(given["nvec"], dtype), dtype.type, start=np.array(given["start"], dtype)
        )
    if kind == "MultiBinary":
        return spaces.MultiBinary(given["n"])
    if kind == "Dict":
        # As pairs, because Gymnasium sorts the keys of a dict.
        return spaces.Dict([(key, _from_json(part)) for key, part in given["spaces"].items()])
    if kind == "Tuple":
        return spaces.Tuple([_from_json(part) for part in given["spaces"]])
    raise ValueError(f"unknown type {kind!r}")


def _dtype(given: Mapping[str, Any]) -> np.dtype:
    dtype = np.dtype(given["dtype"])
    if dtype.kind not in "biuf":  # a text or a record could be of any length
        raise ValueError(f"{dtype} is no number")
    return dtype


def _bounds_to_json(bounds: np.ndarray) -> Any:
    values = [_number_to_json(value) for value in bounds.ravel().tolist()]
    return values[0] if values and all(value == values[0] for value in values) else values


def _number_to_json(value: float) -> float | str:
    if math.isnan(value):
        raise UsageError("A space with a bound that is not a number cannot be written down.")
    return str(value) if math.isinf(value) else value


def _bounds_from_json(bounds: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if isinstance(bounds, list):
        return np.array([_number_from_json(value) for value in bounds], dtype).reshape(shape)
    return np.full(shape, _number_from_json(bounds), dtype)


def _number_from_json(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


# ---- spaces as tensors


def tensor_space(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """The space of what tensors hold of an observation: float64 becomes float32, and so on; uint8 stays uint8.

    Raises:
        UsageError: a part of the space is none of Box, Discrete, MultiDiscrete, MultiBinary.
    """
    if isinstance(space, spaces.Dict):
        return spaces.Dict([(key, tensor_space(part)) for key, part in space.items()])
    if isinstance(space, spaces.Tuple):
        return spaces.Tuple([tensor_space(part) for part in space])
    if not isinstance(space, _LEAVES):
        raise _unsupported(space)
    dtype = tensor_dtype(space)
    if not isinstance(space, spaces.Box) or dtype == space.dtype:
        return space
    with np.errstate(over="ignore"):  # a bound beyond float32 becomes infinite, which is what it means
        return spaces.Box(space.low.astype(dtype), space.high.astype(dtype), space.shape, dtype.type)


def tensor_dtype(space: spaces.Space[Any]) -> np.dtype:
    """The type of the numbers that a tensor holds of an observation from `space`, which has no parts."""
    return np.dtype(_TENSOR_DTYPES.get(str(space.dtype), space.dtype))


class ObservationReader:
    """Turns Gymnasium's observations, of one environment or a batch, into entries of a `State`.

    An observation without parts becomes the entry `observation`; those of Dict and Tuple spaces become flat entries,
    `observation.image`, `observation.0`, nested ones joined by dots (`observation.camera.left`).

    Args:
        space: the space of one observation.
        device: where the tensors go.

    Raises:
        UsageError: a part of the space cannot be a tensor, or two parts would have the same name.
    """

    def __init__(self, space: spaces.Space[Any], device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._parts = list(_parts(space, OBSERVATION, ()))
        names = [name for name, _, _ in self._parts]
        if not names or len(set(names)) < len(names):
            raise UsageError(f"The parts of this observation do not have names of their own: {names}")

    def __call__(self, observation: Any) -> dict[str, Tensor]:
        """Copy an observation, or a batch of them that is structured like one, into tensors `[*, ...]`."""
        entries = {}
        for name, path, dtype in self._parts:
            part = observation
            for key in path:
                part = part[key]
            # A copy, because many environments hand out the array that they go on writing to.
            tensor = torch.from_numpy(np.array(part, dtype))
            entries[name] = tensor if self._device.type == "cpu" else tensor.to(self._device)
        return entries


def _parts(
    space: spaces.Space[Any], name: str, path: tuple[Any, ...]
) -> Iterator[tuple[str, tuple[Any, ...], np.dtype]]:
    """The parts of a space: the entry's name, the keys that lead to it, and the type of its numbers."""
    if isinstance(space, spaces.Dict):
        for key, part in space.items():
            yield from _parts(part, f"{name}.{key}", (*path, key))
    elif isinstance(space, spaces.Tuple):
        for index, part in enumerate(space):
            yield from _parts(part, f"{name}.{index}", (*path, index))
    elif isinstance(space, _LEAVES):
        yield name, path, tensor_dtype(space)
    else:
        raise _unsupported(space, name)


def _unsupported(space: spaces.Space[Any], name: str = "") -> UsageError:
    what = f"{name} is a {type(space).__name__} space" if name else f"This is a {type(space).__name__} space"
    return UsageError(
        f"{what}, which cannot be held in tensors of one shape.",
        hint="Spaces can be Box, Discrete, MultiDiscrete, MultiBinary, and Dict or Tuple of these: "
        "put a gymnasium.ObservationWrapper around the environment that turns it into one of them.",
    )
