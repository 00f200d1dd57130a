"""What Gymnasium adds to a MuJoCo model to make a task of it, for a batch of simulations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from all_mujoco.simulations import Simulations

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Two numbers between which another one must lie; from JSON it is a list.
Range = tuple[float, float]


class Outcome(NamedTuple):
    """What a step came to, in N simulations."""

    reward: NDArray[Any]  # [N]
    terminated: Mask  # [N]
    terms: dict[
        str, NDArray[Any]
    ]  # [N] each: parts of the reward, by the names that version 5 gives them in `info`


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """A task: its fields are Gymnasium's constructor options with their defaults, and what tells it from its siblings.

    Sums are taken in Gymnasium's order and in its types (the cost of an action is float32), so that all of it is equal to the
    last bit. Methods get N simulations and give arrays with N rows.
    """

    reset_noise_scale: float = 0.0

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of MjData that it reads besides `qpos`, `qvel` and `ctrl`."""
        return ()

    @abstractmethod
    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """The parts of the observation, in order; each has as many dimensions as it likes."""

    def place(self, now: Simulations) -> Array:
        """What the reward compares before and after a step, `[N, K]`: nothing, unless a task says what."""
        return np.empty((len(now), 0))

    @abstractmethod
    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """What a step came to.

        Args:
            now: the simulations after it.
            before: what `place` said before it.
            actions: what was done, `[N, A]`.
        """

    @abstractmethod
    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Draw where one episode starts.

        Args:
            random: its environment's stream, read as Gymnasium reads it.
            qpos: the model's own positions.
            qvel: the model's own velocities.

        Returns:
            Positions and velocities.
        """

    def uniform_start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Uniform noise on both."""
        noise = self.reset_noise_scale
        qpos = qpos + random.uniform(low=-noise, high=noise, size=qpos.size)
        return qpos, qvel + random.uniform(low=-noise, high=noise, size=qvel.size)

    def normal_start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Uniform noise on positions, normal noise on velocities."""
        noise = self.reset_noise_scale
        qpos = qpos + random.uniform(low=-noise, high=noise, size=qpos.size)
        return qpos, qvel + noise * random.standard_normal(qvel.size)


def norm(vectors: Array) -> Array:
    """The length of each vector, `[N, 3]` to `[N]`, by the same sum as `numpy.linalg.norm` of one."""
    return np.sqrt(np.vecdot(vectors, vectors))


def squares(array: NDArray[Any]) -> NDArray[Any]:
    """The sum of squares of each row, `[N, ...]` to `[N]`."""
    return np.sum(np.square(array).reshape(len(array), -1), axis=1)


def survival(healthy: Mask, reward: float, ends: bool, paid_when_falling: bool) -> tuple[Array, Mask]:
    """The reward for being healthy, and whether the episode is over.

    Args:
        healthy: `[N]`.
        reward: for a healthy step.
        ends: whether an unhealthy one ends the episode.
        paid_when_falling: version 4 pays in the step that ends the episode, too.
    """
    paid = np.ones(len(healthy)) if paid_when_falling and ends else healthy.astype(np.float64)
    return paid * reward, ~healthy if ends else np.zeros(len(healthy), np.bool_)
