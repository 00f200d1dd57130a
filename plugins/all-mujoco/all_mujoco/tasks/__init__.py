"""Gymnasium's MuJoCo tasks, each described for a batch of simulations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from all_mujoco.tasks.ant import Ant
from all_mujoco.tasks.arms import Pusher, Reacher
from all_mujoco.tasks.humanoids import Humanoid, HumanoidStandup
from all_mujoco.tasks.pendulums import InvertedDoublePendulum, InvertedPendulum
from all_mujoco.tasks.runners import HALF_CHEETAH, HOPPER, SWIMMER, WALKER_2D
from all_mujoco.tasks.task import Task

#: What version 4 does otherwise stands in the second half.
TASKS: dict[str, Task] = {
    "Ant-v5": Ant(),
    "HalfCheetah-v5": HALF_CHEETAH,
    "Hopper-v5": HOPPER,
    "Humanoid-v5": Humanoid(),
    "HumanoidStandup-v5": HumanoidStandup(),
    "InvertedDoublePendulum-v5": InvertedDoublePendulum(),
    "InvertedPendulum-v5": InvertedPendulum(),
    "Pusher-v5": Pusher(),
    "Reacher-v5": Reacher(),
    "Swimmer-v5": SWIMMER,
    "Walker2d-v5": WALKER_2D,
    "Ant-v4": Ant(use_contact_forces=False, first_force=0, paid_when_falling=True),
    "HalfCheetah-v4": HALF_CHEETAH,
    "Hopper-v4": replace(HOPPER, paid_when_falling=True),
    "Humanoid-v4": Humanoid(first_body=0, first_force=0, contact_cost_weight=0.0, paid_when_falling=True),
    "HumanoidStandup-v4": HumanoidStandup(first_body=0, first_force=0),
    "InvertedDoublePendulum-v4": InvertedDoublePendulum(forces_seen=3, paid_when_falling=True),
    "InvertedPendulum-v4": InvertedPendulum(paid_when_falling=True),
    "Reacher-v4": Reacher(judged_before=True, coordinates=3),
    "Swimmer-v4": SWIMMER,
    "Walker2d-v4": replace(WALKER_2D, paid_when_falling=True),
}


def find_task(name: str, options: Mapping[str, Any]) -> Task | None:
    """The description of the task `name` with these options; None where it has none, or lacks one of the options.

    Args:
        name: Gymnasium's id.
        options: of the constructor of Gymnasium's environment, which has taken them already.
    """
    task = TASKS.get(name)
    if task is None or not options.keys() <= {field.name for field in fields(task)}:
        return None
    return replace(task, **options)
