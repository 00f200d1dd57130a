"""How an episode came about, so that its newest moment can be found again.

A simulator's own memory is its own business: some of MuJoCo's numbers are left over from the step before, a third party's
environment may hold anything. But where everything follows from a seed and from actions, the random stream as it stood
before the episode and the actions since say it all: to restore, the episode is played again, and what is seen in the end
is compared with what was seen then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from numpy.random import PCG64, Generator
from torch import Tensor

from allcore.core import state_from_dict
from allcore.errors import CheckpointError

#: Actions of the longest episode that can be found again: playing more would take too long, and keeping them too much memory.
LONGEST = 1_000_000


class Moment(NamedTuple):
    """What an environment last said."""

    observation: Any
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False


class EpisodeTrace:
    """The beginning of the current episode of one environment of Gymnasium's, and the actions since.

    Args:
        env: the environment; whoever steps it tells the trace.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        self._env = env
        self._beginning: dict[str, Any] | None = None
        self._actions: list[Any] = []

    def begin(self, seed: int | None) -> None:
        """The environment is about to be reset with this seed."""
        if seed is not None:
            self._beginning = {"seed": seed}
        else:
            stream = self._stream()
            self._beginning = None if stream is None else {"stream": stream.state}
        self._actions = []

    def add(self, action: Any) -> None:
        """The environment is about to take this action, an int or an array that nobody writes to any more."""
        self._actions.append(action)
        if len(self._actions) > LONGEST:
            self._beginning, self._actions = None, []

    def state_dict(self) -> dict[str, Any] | None:
        """The trace; None if the environment draws from a stream that cannot be saved, or was never reset."""
        if self._beginning is None:
            return None
        if not self._actions:
            return {"beginning": self._beginning, "actions": None, "python": False}
        actions = torch.from_numpy(np.array(self._actions))
        return {
            "beginning": self._beginning,
            "actions": actions,
            "python": isinstance(self._actions[0], int),
        }

    def retrace(self, state: Mapping[str, Any]) -> Moment:
        """Play what `state_dict` gave, and go on from there.

        Raises:
            CheckpointError: the environment draws from a stream that cannot be set.
        """
        beginning, actions = state["beginning"], state["actions"]
        if "stream" in beginning:
            stream = self._stream()
            if stream is None:
                raise CheckpointError(f"{self._env!r} has no random stream that could be set")
            stream.state = beginning["stream"]
        moment = Moment(self._env.reset(seed=beginning.get("seed"))[0])
        self._beginning, self._actions = beginning, []
        for action in () if actions is None else actions.numpy():
            self.add(action.item() if state["python"] else action)
            observation, reward, terminated, truncated, _ = self._env.step(self._actions[-1])
            moment = Moment(observation, float(reward), bool(terminated), bool(truncated))
        return moment

    def _stream(self) -> Any:
        """The generator behind the environment's random numbers, if it is the kind that Gymnasium makes."""
        generator = getattr(self._env.unwrapped, "np_random", None)
        if isinstance(generator, Generator) and isinstance(generator.bit_generator, PCG64):
            return generator.bit_generator
        return None


def as_seen_before(env: Any, saved: Mapping[str, Any], seen: Mapping[str, Any]) -> Any:
    """The state that was saved, on the environment's device, if it is what is seen now.

    Args:
        env: whose moment was found again.
        saved: the state, as `state_to_dict` gives it.
        seen: entries of the state as they are now.

    Raises:
        CheckpointError: one of them is another.
    """
    state = state_from_dict(saved).to(env.device)
    if not all(_same(torch.as_tensor(state[name]), torch.as_tensor(part)) for name, part in seen.items()):
        raise CheckpointError(
            f"{env!r} does not find its moment again: played once more, the same actions led to something else",
            hint="It draws random numbers from somewhere else than its np_random, or keeps something over an episode's end.",
        )
    return state


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether all numbers are equal; what is no number is equal to itself here."""
    if one.shape != other.shape:
        return False
    return bool(((one == other) | ((one != one) & (other != other))).all())
