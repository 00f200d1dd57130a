"""HalfCheetah, Hopper, Swimmer and Walker2d: be quick, spare effort, and do not fall where falling is possible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from all_mujoco.tasks.task import Array, Mask, Outcome, Range, Task, squares, survival

if TYPE_CHECKING:
    from all_mujoco.simulations import Simulations


@dataclass(frozen=True, kw_only=True)
class Runner(Task):
    """Rewards the velocity of the root along x.

    Args:
        unseen: coordinates of the root that observations leave out: x, or x and y.
        normal_velocities: an episode starts with normal rather than uniform noise on the velocities.
        most_velocity: velocities are observed up to this, or as they are.
        paid_when_falling: see `survival`.
    """

    unseen: int = 1
    normal_velocities: bool = False
    most_velocity: float | None = None
    paid_when_falling: bool = False

    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 1e-3
    healthy_reward: float = 1.0
    terminate_when_unhealthy: bool = True
    healthy_state_range: Range | None = None
    healthy_z_range: Range | None = None
    healthy_angle_range: Range = (-math.inf, math.inf)
    exclude_current_positions_from_observation: bool = True

    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """Positions and velocities."""
        first = self.unseen if self.exclude_current_positions_from_observation else 0
        limit = self.most_velocity
        return now.qpos[:, first:], now.qvel if limit is None else np.clip(now.qvel, -limit, limit)

    def place(self, now: Simulations) -> Array:
        """Where the root is along x."""
        return now.qpos[:, :1]

    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """Velocity and health, less the squares of the action."""
        forward = self.forward_reward_weight * ((now.qpos[:, 0] - before[:, 0]) / now.dt)
        effort = self.ctrl_cost_weight * squares(actions)
        terms = {"reward_forward": forward, "reward_ctrl": -effort}
        if self.healthy_z_range is None:  # it cannot fall
            return Outcome(forward - effort, np.zeros(len(now), np.bool_), terms)
        alive, terminated = survival(
            self._healthy(now), self.healthy_reward, self.terminate_when_unhealthy, self.paid_when_falling
        )
        return Outcome(forward + alive - effort, terminated, {**terms, "reward_survive": alive})

    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Noise on positions and velocities."""
        start = self.normal_start if self.normal_velocities else self.uniform_start
        return start(random, qpos, qvel)

    def _healthy(self, now: Simulations) -> Mask:
        assert self.healthy_z_range is not None
        z, angle = now.qpos[:, 1], now.qpos[:, 2]
        healthy = _within(z, self.healthy_z_range) & _within(angle, self.healthy_angle_range)
        if self.healthy_state_range is not None:
            state = np.concatenate((now.qpos[:, 2:], now.qvel), axis=1)
            healthy &= _within(state, self.healthy_state_range).all(axis=1)
        return healthy


def _within(values: Array, limits: Range) -> Mask:
    return (limits[0] < values) & (values < limits[1])


HALF_CHEETAH = Runner(normal_velocities=True, ctrl_cost_weight=0.1, reset_noise_scale=0.1)
SWIMMER = Runner(unseen=2, ctrl_cost_weight=1e-4, reset_noise_scale=0.1)
HOPPER = Runner(
    most_velocity=10.0,
    healthy_state_range=(-100.0, 100.0),
    healthy_z_range=(0.7, math.inf),
    healthy_angle_range=(-0.2, 0.2),
    reset_noise_scale=5e-3,
)
WALKER_2D = Runner(
    most_velocity=10.0,
    healthy_z_range=(0.8, 2.0),
    healthy_angle_range=(-1.0, 1.0),
    reset_noise_scale=5e-3,
)
