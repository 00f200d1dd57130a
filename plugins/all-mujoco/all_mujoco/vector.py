"""Several environments of one MuJoCo task, simulated as a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.envs.mujoco import MujocoEnv
from gymnasium.utils.seeding import np_random

from all_mujoco.models import quicken
from all_mujoco.simulations import Simulations
from all_mujoco.tasks.task import Outcome, Task
from allcore.core import StateArray, state_from_dict, state_to_dict
from allcore.environments import VectorEnvironment
from allcore.environments.actions import ActionWriter
from allcore.environments.spaces import tensor_space
from allcore.errors import CheckpointError, UsageError
from allcore.seeding import environment_seeds


class MujocoVectorEnvironment(VectorEnvironment):
    """E environments of a task: MuJoCo steps all of them on its own threads, and NumPy does the rest for all at once.

    Each environment does what one of Gymnasium's does that was reset with its seed and gets the same actions, to the last bit,
    over all its episodes.

    Args:
        task: what is observed, rewarded, and where episodes start and end.
        like: one of Gymnasium's, whose model and spaces it takes.
        n: how many environments (E).
        device: where the tensors go.
        key: what to type to get one of these environments again.
        max_episode_steps: agent steps after which an episode is truncated; None for never.

    Raises:
        UsageError: `n` is less than 1.
    """

    def __init__(
        self,
        task: Task,
        like: MujocoEnv,
        n: int,
        device: torch.device | str = "cpu",
        *,
        key: str,
        max_episode_steps: int | None,
    ) -> None:
        if n < 1:
            raise UsageError(f"A vector needs at least one environment, not {n}.")
        self.task = task
        self.simulations = Simulations(quicken(like.model, like.fullpath), n, like.frame_skip, task.fields)
        #: What the newest step came to, in float64 and with the parts of the reward; None before the first.
        self.outcome: Outcome | None = None
        self._key = key
        self._device = torch.device(device)
        self._observation_space = tensor_space(like.observation_space)
        self._actions = ActionWriter(like.action_space)
        self._model_start = like.init_qpos.copy(), like.init_qvel.copy()
        self._limit = np.inf if max_episode_steps is None else max_episode_steps
        self._random: list[np.random.Generator] = []
        self._elapsed = np.zeros(n, np.int64)  # agent steps of each episode so far
        self._before = np.empty((n, 0))  # what the task compares with what comes next
        self._state_array: StateArray | None = None

    def reset(self, seed: int | None = None) -> StateArray:
        """Start a new episode in every environment.

        Args:
            seed: environment 0 gets it as it is, so that it does what a single one does; environment i gets one that is
                derived from it.
        """
        if seed is not None or not self._random:
            seeds = [None] * self.num_envs if seed is None else environment_seeds(seed, self.num_envs)
            self._random = [np_random(each)[0] for each in seeds]
        self._start(np.arange(self.num_envs))
        self._before = self.task.place(self.simulations).copy()
        self._state_array = StateArray({"observation": self._observe()}, (self.num_envs,))
        return self._state_array

    def step(self, actions: Any) -> StateArray:
        """Take one agent step in every environment; those that were done start their next episode instead."""
        done = self.state_array["done"].cpu().numpy()
        starting = np.flatnonzero(done)
        chosen = self._actions.many(actions)
        self.simulations.step(chosen, np.flatnonzero(~done) if starting.size else None)
        self._elapsed += 1
        self.outcome = self.task.outcome(self.simulations, self._before, chosen)
        reward, terminated, _ = self.outcome
        if starting.size:
            reward[starting], terminated[starting] = 0.0, False
            self._start(starting)
        self._before = self.task.place(self.simulations).copy()
        entries = {
            "observation": self._observe(),
            "reward": self._tensor(reward.astype(np.float32)),
            "done": self._tensor(terminated | (self._elapsed >= self._limit)),
            "mask": self._tensor(1 - terminated.astype(np.float32)),
        }
        self._state_array = StateArray(entries, (self.num_envs,))
        return self._state_array

    def state_dict(self) -> dict[str, Any] | None:
        """The simulations with their warm starts, the random streams and the episodes' lengths; None before the first reset."""
        if self._state_array is None:
            return None
        return {
            "simulations": torch.from_numpy(self.simulations.state.copy()),
            "before": torch.from_numpy(self._before.copy()),
            "elapsed": torch.from_numpy(self._elapsed.copy()),
            "random": [random.bit_generator.state for random in self._random],
            "state": state_to_dict(self._state_array),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from the moment that `state_dict` saved.

        Raises:
            CheckpointError: it was saved by another kind of vector, or with another model or number of environments.
        """
        rows = state.get("simulations")
        if rows is None or rows.shape != self.simulations.state.shape:
            raise CheckpointError(
                f"{self!r} cannot go on from what was saved by another kind or number of environments",
                hint="Was it saved before all-mujoco had its own vector, or with another version of MuJoCo?",
            )
        self.simulations.state[:] = rows.numpy()
        self._before = state["before"].numpy().copy()
        self._elapsed = state["elapsed"].numpy().copy()
        self._random = [np_random(0)[0] for _ in range(self.num_envs)]
        for random, saved in zip(self._random, state["random"], strict=True):
            random.bit_generator.state = saved
        self._state_array = state_from_dict(state["state"]).to(self._device)

    def close(self) -> None:
        """Nothing: memory and threads go with the object."""

    @property
    def state_array(self) -> StateArray:
        """The newest states, `[E]`.

        Raises:
            UsageError: the environments have not been reset yet.
        """
        if self._state_array is None:
            raise UsageError(f"{self!r} has no states yet.", hint="Call reset() first.")
        return self._state_array

    @property
    def name(self) -> str:
        """Gymnasium's id."""
        return self._key.rpartition(":")[2]

    @property
    def key(self) -> str:
        """What to type to get one of these environments again."""
        return self._key

    @property
    def num_envs(self) -> int:
        """How many environments there are (E)."""
        return len(self.simulations)

    @property
    def observation_space(self) -> gymnasium.Space[Any]:
        """The space of one environment's observation as tensors hold it."""
        return self._observation_space

    @property
    def action_space(self) -> gymnasium.Space[Any]:
        """The space of one environment's action."""
        return self._actions.space

    @property
    def device(self) -> torch.device:
        """Where the tensors of the states lie."""
        return self._device

    def _start(self, which: np.ndarray) -> None:
        """Start new episodes, each from its own environment's stream."""
        starts = [self.task.start(self._random[i], *self._model_start) for i in which]
        qpos, qvel = (np.stack(part) for part in zip(*starts, strict=True))
        self.simulations.restart(which, qpos, qvel)
        self._elapsed[which] = 0

    def _observe(self) -> torch.Tensor:
        """The observations, in new memory: `[E, D]` float32."""
        parts = [part.reshape(self.num_envs, -1) for part in self.task.observe(self.simulations)]
        return self._tensor(np.concatenate(parts, axis=1, dtype=np.float32, casting="same_kind"))

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(array)
        return tensor if self._device.type == "cpu" else tensor.to(self._device)
