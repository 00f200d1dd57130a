"""Many simulations of one MuJoCo model, stepped at once on threads of their own."""

from __future__ import annotations

import mujoco  # type: ignore[import-untyped]
import numpy as np
from mujoco.batch import Batch  # type: ignore[import-untyped]
from numpy.typing import NDArray

from allcore.experiments.threads import simulator_threads

Array = NDArray[np.float64]

#: Simulations for which one more thread is woken: a guess that has not been measured on a quiet machine.
SIMULATIONS_PER_THREAD = 2


class Simulations:
    """N simulations of a model. Each array has a row for each of them, and is overwritten by the next call.

    Positions and velocities are those after the last substep. What MuJoCo derives from them (`xpos`, `cinert`, ...) is, after
    a step, as it was before the last substep, as in Gymnasium's environments, which read it just as stale.

    Args:
        model: is not written to.
        n: how many simulations (N).
        substeps: of MuJoCo's in one step (Gymnasium's `frame_skip`).
        fields: of MjData that a task reads besides `qpos`, `qvel` and `ctrl`. `cfrc_ext` are the contact forces.
    """

    def __init__(self, model: mujoco.MjModel, n: int, substeps: int, fields: tuple[str, ...]) -> None:
        self.model = model
        self.dt: float = model.opt.timestep * substeps  # seconds of one step
        self._substeps = substeps
        with_contacts = "cfrc_ext" in fields
        # An MjData for each simulation only where its contacts are asked for afterwards: one for each thread stays in the
        # cache, which makes a step of Ant 6 % and one of HalfCheetah 2 % quicker.
        threads = max(1, min(simulator_threads(), n // SIMULATIONS_PER_THREAD))
        self._batch = Batch(self.model, n, threads, persistent=with_contacts)
        self.qpos: Array = self._batch.bind("qpos")
        self.qvel: Array = self._batch.bind("qvel")
        self.ctrl: Array = self._batch.bind("ctrl")
        self._fields: dict[str, Array] = {
            name: self._batch.bind(name) for name in fields if name != "cfrc_ext"
        }
        self._bodies: dict[int | str, int] = {}
        self._scratch = mujoco.MjData(self.model) if with_contacts else None
        if with_contacts:
            self._fields["cfrc_ext"] = np.zeros((n, model.nbody, 6))

    def __getitem__(self, field: str) -> Array:
        """A field of MjData, `[N, ...]`."""
        return self._fields[field]

    def body(self, name: int | str) -> Array:
        """Where a body is, `[N, 3]`, by its name or number; needs the field `xpos`."""
        if name not in self._bodies:
            self._bodies[name] = self.model.body(name).id
        return self._fields["xpos"][:, self._bodies[name]]

    def __len__(self) -> int:
        return len(self.qpos)

    def step(self, actions: NDArray[np.float32], which: NDArray[np.intp] | None = None) -> None:
        """Take one step in all simulations, or in those that are named.

        Args:
            actions: controls, `[N, A]`.
            which: numbers of simulations.
        """
        self.ctrl[:] = actions
        self._batch.step(which, self._substeps)
        if self._scratch is not None:
            self._find_contact_forces(range(len(self)) if which is None else which)

    def restart(self, which: NDArray[np.intp], qpos: Array, qvel: Array) -> None:
        """Start some simulations anew, at rest but for these positions and velocities, `[len(which), ...]`."""
        self._batch.reset(which, stage=mujoco.mjtStage.mjSTAGE_NONE.value)
        self.qpos[which] = qpos
        self.qvel[which] = qvel
        self._batch.forward(which)
        if self._scratch is not None:
            self._fields["cfrc_ext"][which] = 0.0  # MuJoCo finds them only when it is asked to

    @property
    def state(self) -> Array:
        """All that the simulations go on from (time, positions, velocities, warm start, ...), `[N, S]`: a view."""
        return self._batch.state

    def _find_contact_forces(self, which: range | NDArray[np.intp]) -> None:
        # The batch does not do it, and it takes an MjData: a copy each, 10 us, and the forces, 1 us, where a step of Ant takes 150.
        # Without a contact they are 0: nothing else acts from outside in Gymnasium's models.
        assert self._scratch is not None
        forces, contacts = self._fields["cfrc_ext"], self._batch.bind("ncon")
        for i in which:
            if contacts[i]:
                mujoco.mj_rnePostConstraint(self.model, self._batch.get_data(i, self._scratch))
                forces[i] = self._scratch.cfrc_ext
            else:
                forces[i] = 0.0
