"""Probes: environments so small that the value of every state is known, to hold what an agent has learnt against.

Each asks one question, and what wrong values mean stands in `docs/how-to/add-an-algorithm.md`.

All have the same spaces, so that one agent fits all: observations are three numbers, in which a linear layer with a bias can
express the values exactly, and actions are one of two (`actions="discrete"`) or one number in -1..1 (`actions="box"`).

    from allcore.testing import TwoStep, play

    agent = play(make_agent(), TwoStep(), ticks=1000)
    for known in TwoStep().values(discount_factor=0.9):
        assert agent.v.no_grad(known.state).item() == pytest.approx(known.value, abs=0.05)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allcore.testing.environments import Step
from allcore.testing.probe import GRID, Known, Observation, Probe

if TYPE_CHECKING:
    import numpy as np

    from allcore.core import State

_A, _B, _C = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)  # observations
_MINUS_A = (-1.0, 0.0, 0.0)


class ConstantReward(Probe):
    """One step, reward 1, and the end: V = 1."""

    def values(self, discount_factor: float) -> list[Known]:
        """V = 1."""
        return [self._known(_A, 1.0)]

    def _start(self) -> Observation:
        return _A

    def _step(self, action: float) -> tuple[Observation, Step]:
        return _A, Step(1.0, terminated=True)


class ObservationDependent(Probe):
    """One step; a random sign is seen, which is the reward: V = the sign."""

    def values(self, discount_factor: float) -> list[Known]:
        """V = the sign."""
        return [self._known(_A, 1.0), self._known(_MINUS_A, -1.0)]

    def _start(self) -> Observation:
        return _random_sign(self._generator)

    def _step(self, action: float) -> tuple[Observation, Step]:
        return self._observation, Step(self._observation[0], terminated=True)


class TwoStep(Probe):
    """Two steps, and reward 1 at the end only: V = discount_factor, then 1."""

    def values(self, discount_factor: float) -> list[Known]:
        """V = discount_factor, then 1."""
        return [self._known(_A, discount_factor), self._known(_B, 1.0)]

    def _start(self) -> Observation:
        return _A

    def _step(self, action: float) -> tuple[Observation, Step]:
        return (_B, Step(0.0)) if self._time == 1 else (_B, Step(1.0, terminated=True))


class ActionDependent(Probe):
    """One step. Action 1 gives reward 1, action 0 gives -1; a box action gives 1 - (action - 0.5)^2: V = 1."""

    def values(self, discount_factor: float) -> list[Known]:
        """V = 1, and Q = the reward."""
        return [Known(_A, 1.0, {action: self._reward(action) for action in GRID[self.actions]})]

    def _start(self) -> Observation:
        return _A

    def _step(self, action: float) -> tuple[Observation, Step]:
        return _A, Step(self._reward(action), terminated=True)

    def _reward(self, action: float) -> float:
        return 2.0 * action - 1.0 if self.actions == "discrete" else 1.0 - (action - 0.5) ** 2


class ObservationAndActionDependent(Probe):
    """One step; a random sign is seen, and the action is to fit it: V = 1.

    Action 1 fits a positive sign and action 0 a negative one, with reward 1, else -1. A box action is best at half of the
    sign: its reward is 1 - (action - 0.5 * sign)^2.
    """

    def values(self, discount_factor: float) -> list[Known]:
        """V = 1, and Q = the reward."""
        return [
            Known(seen, 1.0, {action: self._reward(seen[0], action) for action in GRID[self.actions]})
            for seen in (_A, _MINUS_A)
        ]

    def _start(self) -> Observation:
        return _random_sign(self._generator)

    def _step(self, action: float) -> tuple[Observation, Step]:
        return self._observation, Step(self._reward(self._observation[0], action), terminated=True)

    def _reward(self, sign: float, action: float) -> float:
        if self.actions == "discrete":
            return sign * (2.0 * action - 1.0)
        return 1.0 - (action - 0.5 * sign) ** 2


class TruncatedForever(Probe):
    """Always the same observation and reward 1; every other step the clock stops: V = 1 / (1 - discount_factor)."""

    def __init__(self, actions: str = "discrete", length: int = 2) -> None:
        """Cut an episode off after `length` steps."""
        super().__init__(actions)
        self.length = length

    @property
    def options(self) -> dict[str, Any]:
        """The kind of its actions, and the length of an episode."""
        return {**super().options, "length": self.length}

    def values(self, discount_factor: float) -> list[Known]:
        """V = 1 / (1 - discount_factor)."""
        return [self._known(_A, 1.0 / (1.0 - discount_factor))]

    def _start(self) -> Observation:
        return _A

    def _step(self, action: float) -> tuple[Observation, Step]:
        return _A, Step(1.0, truncated=self._time == self.length)


class LifeLost(Probe):
    """Reward 1 and a life lost at every step of a game that goes on: V = 1.

    States say so as in an `EpisodicLives` body (mask 0, done False), and have the entry `life_lost` for such a body. The
    game is over when the last life is.
    """

    def __init__(self, actions: str = "discrete", lives: int = 3) -> None:
        """Begin every game with `lives`."""
        super().__init__(actions)
        self.lives = lives

    @property
    def options(self) -> dict[str, Any]:
        """The kind of its actions, and the number of lives."""
        return {**super().options, "lives": self.lives}

    def values(self, discount_factor: float) -> list[Known]:
        """V = 1."""
        return [self._known(_A, 1.0)]

    def _start(self) -> Observation:
        return _A

    def _step(self, action: float) -> tuple[Observation, Step]:
        return _A, Step(1.0, terminated=self._time == self.lives, life_lost=True)


class Staggered(Probe):
    """Reward 1 at each of the steps that are left, of which there are 1, 2 or 3, and which the observation tells.

    Episodes have 1, 2, 3, 1, ... steps. In a vector environment i begins with the i-th of these, so that they end at
    different times. V = 1 + discount_factor + ... over the steps that are left.
    """

    _SEEN = (_A, _B, _C)  # with 1, 2, 3 steps left

    def __init__(self, actions: str = "discrete") -> None:
        """Begin before the first episode."""
        super().__init__(actions)
        self._episode = -1

    def values(self, discount_factor: float) -> list[Known]:
        """V = 1 + discount_factor + ... over the steps that are left."""
        powers = [discount_factor**step for step in range(3)]
        return [self._known(seen, sum(powers[: left + 1])) for left, seen in enumerate(self._SEEN)]

    def reset(self, seed: int | None = None) -> State:
        """Start the next episode; with a seed, the first one."""
        if seed is not None:
            self._episode = -1
        return super().reset(seed)

    def _start(self) -> Observation:
        self._episode += 1
        return self._SEEN[self._length() - 1]

    def _step(self, action: float) -> tuple[Observation, Step]:
        left = self._length() - self._time
        return self._SEEN[max(left, 1) - 1], Step(1.0, terminated=left == 0)

    def _length(self) -> int:
        return 1 + (self._index + self._episode) % 3


#: All of them.
PROBES: tuple[type[Probe], ...] = (
    ConstantReward,
    ObservationDependent,
    TwoStep,
    ActionDependent,
    ObservationAndActionDependent,
    TruncatedForever,
    LifeLost,
    Staggered,
)


def _random_sign(generator: np.random.Generator) -> Observation:
    return _A if generator.random() < 0.5 else _MINUS_A
