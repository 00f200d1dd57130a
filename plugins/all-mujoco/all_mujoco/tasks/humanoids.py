"""Humanoid and HumanoidStandup: walk, and get up. Both observe much of what MuJoCo derives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from all_mujoco.tasks.task import Array, Outcome, Range, Task, squares, survival

if TYPE_CHECKING:
    from all_mujoco.simulations import Simulations


@dataclass(frozen=True, kw_only=True)
class Humanoid(Task):
    """Rewards the velocity of the centre of mass along x, and walking upright.

    Args:
        first_body: the first body of which anything is observed; the world is body 0, and all of it is 0.
        first_force: the first degree of freedom whose actuator force is observed; the root's six have none.
        paid_when_falling: see `survival`.
    """

    first_body: int = 1
    first_force: int = 6
    paid_when_falling: bool = False

    forward_reward_weight: float = 1.25
    ctrl_cost_weight: float = 0.1
    contact_cost_weight: float = 5e-7
    contact_cost_range: Range = (-math.inf, 10.0)
    healthy_reward: float = 5.0
    terminate_when_unhealthy: bool = True
    healthy_z_range: Range = (1.0, 2.0)
    reset_noise_scale: float = 1e-2
    exclude_current_positions_from_observation: bool = True
    include_cinert_in_observation: bool = True
    include_cvel_in_observation: bool = True
    include_qfrc_actuator_in_observation: bool = True
    include_cfrc_ext_in_observation: bool = True

    @property
    def fields(self) -> tuple[str, ...]:
        """Centres of mass and what is observed."""
        return ("xipos", "cinert", "cvel", "qfrc_actuator", "cfrc_ext")

    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """Positions, velocities, inertias, velocities of bodies, actuator forces, contact forces."""
        return _observe(self, now)

    def place(self, now: Simulations) -> Array:
        """Where the centre of mass is along x."""
        mass = now.model.body_mass
        return np.einsum("b,nb->n", mass, now["xipos"][:, :, 0])[:, None] / mass.sum()

    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """Velocity and health, less the squares of the controls and of the contact forces."""
        forward = self.forward_reward_weight * ((self.place(now) - before)[:, 0] / now.dt)
        low, high = self.healthy_z_range
        healthy = (low < now.qpos[:, 2]) & (now.qpos[:, 2] < high)
        alive, terminated = survival(
            healthy, self.healthy_reward, self.terminate_when_unhealthy, self.paid_when_falling
        )
        effort = self.ctrl_cost_weight * squares(now.ctrl)
        impacts = np.clip(self.contact_cost_weight * squares(now["cfrc_ext"]), *self.contact_cost_range)
        terms = {"reward_forward": forward, "reward_survive": alive}
        terms |= {"reward_ctrl": -effort, "reward_contact": -impacts}
        return Outcome(forward + alive - (effort + impacts), terminated, terms)

    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Noise on positions and velocities."""
        return self.uniform_start(random, qpos, qvel)


@dataclass(frozen=True, kw_only=True)
class HumanoidStandup(Task):
    """Rewards the height of the root.

    Args:
        first_body: as in `Humanoid`.
        first_force: as in `Humanoid`.
    """

    first_body: int = 1
    first_force: int = 6

    uph_cost_weight: float = 1.0  # Gymnasium takes it, and does nothing with it
    ctrl_cost_weight: float = 0.1
    impact_cost_weight: float = 0.5e-6
    impact_cost_range: Range = (-math.inf, 10.0)
    reset_noise_scale: float = 1e-2
    exclude_current_positions_from_observation: bool = True
    include_cinert_in_observation: bool = True
    include_cvel_in_observation: bool = True
    include_qfrc_actuator_in_observation: bool = True
    include_cfrc_ext_in_observation: bool = True

    @property
    def fields(self) -> tuple[str, ...]:
        """What is observed."""
        return ("cinert", "cvel", "qfrc_actuator", "cfrc_ext")

    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """Positions, velocities, inertias, velocities of bodies, actuator forces, contact forces."""
        return _observe(self, now)

    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """Height, less the squares of the controls and of the contact forces."""
        height = now.qpos[:, 2] / now.model.opt.timestep
        effort = self.ctrl_cost_weight * squares(now.ctrl)
        impacts = np.clip(self.impact_cost_weight * squares(now["cfrc_ext"]), *self.impact_cost_range)
        terms = {"reward_linup": height, "reward_quadctrl": -effort, "reward_impact": -impacts}
        return Outcome(height - effort - impacts + 1, np.zeros(len(now), np.bool_), terms)

    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Noise on positions and velocities."""
        return self.uniform_start(random, qpos, qvel)


def _observe(task: Humanoid | HumanoidStandup, now: Simulations) -> tuple[Array, ...]:
    first = 2 if task.exclude_current_positions_from_observation else 0
    parts = [now.qpos[:, first:], now.qvel]
    if task.include_cinert_in_observation:
        parts.append(now["cinert"][:, task.first_body :])
    if task.include_cvel_in_observation:
        parts.append(now["cvel"][:, task.first_body :])
    if task.include_qfrc_actuator_in_observation:
        parts.append(now["qfrc_actuator"][:, task.first_force :])
    if task.include_cfrc_ext_in_observation:
        parts.append(now["cfrc_ext"][:, task.first_body :])
    return tuple(parts)
