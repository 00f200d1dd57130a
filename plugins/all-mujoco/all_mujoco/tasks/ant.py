"""Ant: be quick along x, spare effort and impacts, and stay upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from all_mujoco.tasks.task import Array, Outcome, Range, Task, squares, survival

if TYPE_CHECKING:
    from all_mujoco.simulations import Simulations


@dataclass(frozen=True, kw_only=True)
class Ant(Task):
    """Rewards the velocity of a body along x.

    Args:
        first_force: the first body whose contact forces are observed; the world is body 0.
        use_contact_forces: whether contact forces cost anything, and can be observed; an option in version 4 alone.
        paid_when_falling: see `survival`.
    """

    first_force: int = 1
    use_contact_forces: bool = True
    paid_when_falling: bool = False

    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 0.5
    contact_cost_weight: float = 5e-4
    healthy_reward: float = 1.0
    main_body: int | str = 1
    terminate_when_unhealthy: bool = True
    healthy_z_range: Range = (0.2, 1.0)
    contact_force_range: Range = (-1.0, 1.0)
    reset_noise_scale: float = 0.1
    exclude_current_positions_from_observation: bool = True
    include_cfrc_ext_in_observation: bool = True

    @property
    def fields(self) -> tuple[str, ...]:
        """Where bodies are, and the contact forces if they matter."""
        return ("xpos", "cfrc_ext") if self.use_contact_forces else ("xpos",)

    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """Positions, velocities, contact forces."""
        first = 2 if self.exclude_current_positions_from_observation else 0
        seen = now.qpos[:, first:], now.qvel
        if not (self.use_contact_forces and self.include_cfrc_ext_in_observation):
            return seen
        return *seen, self._forces(now)[:, self.first_force :]

    def place(self, now: Simulations) -> Array:
        """Where the main body is along x."""
        return now.body(self.main_body)[:, :1]

    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """Velocity and health, less the squares of the action and of the contact forces."""
        forward = (self.place(now) - before)[:, 0] / now.dt * self.forward_reward_weight
        state = np.concatenate((now.qpos, now.qvel), axis=1)
        low, high = self.healthy_z_range
        healthy = np.isfinite(state).all(axis=1) & (low <= state[:, 2]) & (state[:, 2] <= high)
        alive, terminated = survival(
            healthy, self.healthy_reward, self.terminate_when_unhealthy, self.paid_when_falling
        )
        costs = self.ctrl_cost_weight * squares(actions)
        terms = {"reward_forward": forward, "reward_survive": alive, "reward_ctrl": -costs}
        if self.use_contact_forces:
            impacts = self.contact_cost_weight * squares(self._forces(now))
            costs = costs + impacts
            terms["reward_contact"] = -impacts
        return Outcome(forward + alive - costs, terminated, terms)

    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Noise on positions and velocities."""
        return self.normal_start(random, qpos, qvel)

    def _forces(self, now: Simulations) -> Array:
        low, high = self.contact_force_range
        return np.clip(now["cfrc_ext"], low, high)
