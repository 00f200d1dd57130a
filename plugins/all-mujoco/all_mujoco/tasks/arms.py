"""Reacher and Pusher: bring a fingertip to a target, and an object to a goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from all_mujoco.tasks.task import Array, Outcome, Task, norm, squares

if TYPE_CHECKING:
    from all_mujoco.simulations import Simulations


@dataclass(frozen=True, kw_only=True)
class Reacher(Task):
    """Rewards a fingertip for being near a target.

    Args:
        judged_before: version 4 rewards where the fingertip was before the step.
        coordinates: how many of the way to the target are observed; it lies in a plane.
    """

    judged_before: bool = False
    coordinates: int = 2

    reward_dist_weight: float = 1.0
    reward_control_weight: float = 1.0

    @property
    def fields(self) -> tuple[str, ...]:
        """Where bodies are."""
        return ("xpos",)

    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """Cosines and sines of the angles, the target, velocities of the joints, the way from the target."""
        angles = now.qpos[:, :2]
        way = self.place(now)[:, : self.coordinates]
        return np.cos(angles), np.sin(angles), now.qpos[:, 2:], now.qvel[:, :2], way

    def place(self, now: Simulations) -> Array:
        """The way from the target to the fingertip."""
        return now.body("fingertip") - now.body("target")

    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """Less the distance, less the squares of the action."""
        distance = -norm(before if self.judged_before else self.place(now)) * self.reward_dist_weight
        effort = -squares(actions) * self.reward_control_weight
        terms = {"reward_dist": distance, "reward_ctrl": effort}
        return Outcome(distance + effort, np.zeros(len(now), np.bool_), terms)

    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """Noise on the joints, and a target within 0.2 m of the shoulder."""
        qpos = random.uniform(low=-0.1, high=0.1, size=qpos.size) + qpos
        while np.linalg.norm(target := random.uniform(low=-0.2, high=0.2, size=2)) >= 0.2:
            pass
        qpos[-2:] = target
        qvel = qvel + random.uniform(low=-0.005, high=0.005, size=qvel.size)
        qvel[-2:] = 0
        return qpos, qvel


@dataclass(frozen=True, kw_only=True)
class Pusher(Task):
    """Rewards an object for being near a goal, and an arm for being near the object."""

    reward_near_weight: float = 0.5
    reward_dist_weight: float = 1.0
    reward_control_weight: float = 0.1

    @property
    def fields(self) -> tuple[str, ...]:
        """Where bodies are."""
        return ("xpos",)

    def observe(self, now: Simulations) -> tuple[Array, ...]:
        """Positions and velocities of the arm, where its tip, the object and the goal are."""
        places = (now.body(name) for name in ("tips_arm", "object", "goal"))
        return now.qpos[:, :7], now.qvel[:, :7], *places

    def outcome(self, now: Simulations, before: Array, actions: NDArray[np.float32]) -> Outcome:
        """Less the two distances, less the squares of the action."""
        thing = now.body("object")
        near = -norm(thing - now.body("tips_arm")) * self.reward_near_weight
        distance = -norm(thing - now.body("goal")) * self.reward_dist_weight
        effort = -squares(actions) * self.reward_control_weight
        terms = {"reward_dist": distance, "reward_ctrl": effort, "reward_near": near}
        return Outcome(distance + effort + near, np.zeros(len(now), np.bool_), terms)

    def start(self, random: np.random.Generator, qpos: Array, qvel: Array) -> tuple[Array, Array]:
        """The object somewhere more than 0.17 m from the goal, noise on the velocities of the arm."""
        thing = np.zeros(2)
        while np.linalg.norm(thing) <= 0.17:
            x = random.uniform(low=-0.3, high=0, size=1)
            thing = np.concatenate([x, random.uniform(low=-0.2, high=0.2, size=1)])
        qpos = np.concatenate([qpos[:-4], thing, np.zeros(2)])
        qvel = qvel + random.uniform(low=-0.005, high=0.005, size=qvel.size)
        qvel[-4:] = 0
        return qpos, qvel
