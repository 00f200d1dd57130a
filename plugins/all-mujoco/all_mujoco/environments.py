"""The family `mujoco`: Gymnasium's MuJoCo tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import mujoco  # type: ignore[import-untyped]
from gymnasium.envs.mujoco import MujocoEnv

from all_mujoco.names import TASKS, names
from all_mujoco.tasks import find_task
from allcore.environments import GymEnvironment
from allcore.errors import UnknownEnvironmentError, UsageError
from allcore.keys import did_you_mean

if TYPE_CHECKING:
    import torch

    from allcore.environments import VectorEnvironment

#: Options that are not of a task's own constructor alone: the time limit is around it, the substeps are MuJoCo's.
_OF_ANY_TASK = ("max_episode_steps", "frame_skip")


class MujocoEnvironment(GymEnvironment):
    """One of Gymnasium's MuJoCo tasks.

    Args:
        name: such as `HalfCheetah-v5`. Version 4 is there for comparison with older results; its scores do not compare with
            version 5: Ant and Humanoid of version 4 hide the contact forces, and rewards differ.
        device: where the tensors of its states go.
        **options: passed to `gymnasium.make`, such as `render_mode` or `ctrl_cost_weight`.

    Raises:
        UnknownEnvironmentError: there is no such task.
        UsageError: it is Pusher-v4, which only MuJoCo 2 could run, or of a version that Gymnasium no longer has, or an
            option does not exist.
    """

    def __init__(self, name: str, device: torch.device | str = "cpu", **options: Any) -> None:
        if name.rpartition("-v")[0] not in TASKS:
            hint = did_you_mean(name, names()) or f"There are {', '.join(names())}."
            raise UnknownEnvironmentError(f"There is no MuJoCo task {name!r}.", hint=hint)
        if name == "Pusher-v4":
            raise UsageError(
                f"Pusher-v4 needs MuJoCo before version 3, and here is MuJoCo {mujoco.__version__}.",
                hint="Use Pusher-v5. Gymnasium's issue 950 has the details.",
            )
        try:
            with _without_warnings_about_models():
                super().__init__(name, device, key=f"mujoco:{name}", **options)
        except UsageError as error:
            if not isinstance(error.__cause__, ImportError):
                raise
            # how Gymnasium says that a version is gone
            raise UsageError(
                f"{name} cannot be made: {error.__cause__}", hint="Use version 5 or 4."
            ) from error

    def duplicate(self, n: int) -> VectorEnvironment:
        """A vector of `n` environments like this one, simulated as a batch.

        It is Gymnasium's, which steps one after the other, where MuJoCo is older than 4, or with an option that the batch does not
        know: a model of one's own (`xml_file`) and whatever belongs to pictures, such as `render_mode`.
        """
        with _without_warnings_about_models():
            return self._batch(n) or super().duplicate(n)

    def _batch(self, n: int) -> VectorEnvironment | None:
        options = {name: value for name, value in self._options.items() if name not in _OF_ANY_TASK}
        task = find_task(self.name, options)
        inside, spec = self._env.unwrapped, self._env.spec
        # Somebody may have registered another environment under the id of a task.
        is_gymnasiums = type(inside).__module__.startswith("gymnasium.envs.mujoco.")
        if task is None or spec is None or spec.additional_wrappers or not is_gymnasiums:
            return None
        try:
            from all_mujoco.vector import MujocoVectorEnvironment
        except ImportError:  # mujoco.batch came with MuJoCo 4
            return None
        assert isinstance(inside, MujocoEnv)
        return MujocoVectorEnvironment(
            task, inside, n, self._device, key=self._key, max_episode_steps=spec.max_episode_steps
        )


def make(name: str, *, device: torch.device | str = "cpu", **options: Any) -> MujocoEnvironment:
    """Make the task `name`: the target of the family."""
    return MujocoEnvironment(name, device, **options)


@contextmanager
def _without_warnings_about_models() -> Iterator[None]:
    """While a task is made, let MuJoCo keep to itself what is deprecated in Gymnasium's models.

    It would print that and append it to a file MUJOCO_LOG.TXT in the current folder, for each environment. What goes wrong
    in a simulation later is told as always.
    """
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda _: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(before)
