"""InvertedPendulum and InvertedDoublePendulum: keep one pole, or two, upright on a cart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from all_mujoco.tasks.task import Array, Outcome, Task, survival

if TYPE_CHECKING:
    from all_mujoco.simulations import Simulations


@dataclass(frozen=True, kw_only=True)
class InvertedPendulum(Task):
    """Rewards every step with 1.

    Args:
        paid_when_falling: see `survival`.
    """

    paid_when_falling: bool = False
    reset_noise_scale: float = 0.01

    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """Positions and velocities."""
        return now.qpos, now.qvel

    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """The episode is over when the pole leans by more than 0.2 rad."""
        finite = np.isfinite(now.qpos).all(axis=1) & np.isfinite(now.qvel).all(axis=1)
        upright = finite & ~(np.abs(now.qpos[:, 1]) > 0.2)
        alive, terminated = survival(upright, 1.0, True, self.paid_when_falling)
        return Outcome(alive, terminated, {"reward_survive": alive})

    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Noise on positions and velocities."""
        return self.uniform_start(random, qpos, qvel)


@dataclass(frozen=True, kw_only=True)
class InvertedDoublePendulum(Task):
    """Rewards every step, less the distance of the tip from where it should be and the velocities of the poles.

    Args:
        forces_seen: of how many degrees of freedom the constraint forces are observed.
        paid_when_falling: see `survival`.
    """

    forces_seen: int = 1
    paid_when_falling: bool = False

    healthy_reward: float = 10.0
    reset_noise_scale: float = 0.1

    @property
    def fields(self) -> tuple[str, ...]:
        """Where the tip is, and constraint forces."""
        return ("site_xpos", "qfrc_constraint")

    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """The cart's position, sines and cosines of the angles, velocities and constraint forces up to 10."""
        angles, forces = now.qpos[:, 1:], now["qfrc_constraint"][:, : self.forces_seen]
        velocities = np.clip(now.qvel, -10, 10)
        return now.qpos[:, :1], np.sin(angles), np.cos(angles), velocities, np.clip(forces, -10, 10)

    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """The episode is over when the tip is no higher than 1 m."""
        x, y = now["site_xpos"][:, 0, 0], now["site_xpos"][:, 0, 2]
        distance = 0.01 * x**2 + (y - 2) ** 2
        velocity = 1e-3 * now.qvel[:, 1] ** 2 + 5e-3 * now.qvel[:, 2] ** 2
        alive, terminated = survival(~(y <= 1), self.healthy_reward, True, self.paid_when_falling)
        terms = {"reward_survive": alive, "distance_penalty": -distance, "velocity_penalty": -velocity}
        return Outcome(alive - distance - velocity, terminated, terms)

    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Noise on positions and velocities."""
        return self.normal_start(random, qpos, qvel)
