"""Actions: from what an agent chose to what Gymnasium wants."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from allcore.errors import UsageError


class ActionWriter:
    """Turns tensors, arrays and numbers into Gymnasium's actions.

    Agents count from 0: where a discrete space starts elsewhere, the difference is added here, and `space` says 0.
    Real-valued actions are clipped to the space's bounds, since a Gaussian policy knows no bounds. Agents see a vector of them:
    numbers that the environment has in another shape, one number or a grid of them, are in a row in `space`.

    Args:
        space: Gymnasium's space of one action.

    Raises:
        UsageError: the space is none of Discrete, MultiDiscrete, MultiBinary, Box.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.space: spaces.Space[Any] = space
        self._shape = space.shape or ()
        self._start: Any = 0
        self._bounds: tuple[np.ndarray, np.ndarray] | None = None
        if isinstance(space, spaces.Discrete):
            self._start = int(space.start)
            self.space = spaces.Discrete(int(space.n))
        elif isinstance(space, spaces.MultiDiscrete):
            self._start = space.start
            self.space = spaces.MultiDiscrete(space.nvec)
        elif isinstance(space, spaces.Box):
            if len(self._shape) != 1:
                self.space = spaces.Box(space.low.ravel(), space.high.ravel(), dtype=space.dtype.type)
            self._bounds = (space.low.ravel(), space.high.ravel())
        elif not isinstance(space, spaces.MultiBinary):
            raise UsageError(
                f"Actions of a {type(space).__name__} space are not supported.",
                hint="Action spaces can be Discrete, MultiDiscrete, MultiBinary or Box: put a "
                "gymnasium.ActionWrapper around the environment that turns one of them into its own.",
            )
        self._discrete = isinstance(space, spaces.Discrete)
        self._dtype = space.dtype

    def one(self, action: Any) -> Any:
        """The action of one environment: an int where the space is discrete, else an array."""
        if self._discrete:
            return int(action) + self._start
        return self._array(action, ()).reshape(self._shape)

    def many(self, actions: Any) -> np.ndarray:
        """The actions of E environments, `[E, ...]`."""
        return self._array(actions, (len(actions),)).reshape(len(actions), *self._shape)

    def _array(self, actions: Any, leading: tuple[int, ...]) -> np.ndarray:
        """Actions as arrays of numbers in a row, `[*leading, ...]`."""
        if isinstance(actions, torch.Tensor):
            actions = actions.numpy(force=True)
        array = np.asarray(actions, self._dtype).reshape(*leading, *(self.space.shape or ()))
        if self._bounds is not None:
            return np.minimum(np.maximum(array, self._bounds[0]), self._bounds[1])
        return array + self._start
