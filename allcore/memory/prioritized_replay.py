"""Prioritised replay: transitions whose values were most wrong are drawn most often."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from allcore.approximation.loss_watch import goes_on_regardless, non_finite
from allcore.core import State
from allcore.errors import HyperparameterError, UsageError
from allcore.memory.estimate import PRIORITY_BYTES
from allcore.memory.replay_buffer import ReplayBuffer, Sample, replay_generator, require_transitions
from allcore.memory.step_ring import StepRing
from allcore.memory.sum_tree import SumTree
from allcore.optim.schedules import Schedule, as_schedule

# Errors below 0 by less than this are taken for 0: a loss that is a difference (KL) may be rounded to there.
_ROUNDING = 1e-4


class PrioritizedReplayBuffer(ReplayBuffer):
    """Proportional prioritised replay: a transition is drawn with probability P(i) = p_i / Σ p, p_i = (|δ_i| + ε)^α.

    - New transitions get the highest priority that there has been so far (1 at first), so that each is soon drawn.
    - A minibatch of N is stratified: one draw from each Nth part of the total.
    - Weights (n P(i))^(-β), n being the number of transitions, correct for what is drawn too often; they are divided by the
      largest weight of the minibatch, so that they only ever make steps smaller.
    - Errors for transitions that gave way to others since they were drawn are ignored.

    Drawing costs time in proportion to the logarithm of the capacity. Storing costs what it does in `ExperienceReplayBuffer`,
    with which it shares the storage. All priorities lie on the host, in up to 32 bytes per transition.

    Source: Schaul et al., 2016, "Prioritized experience replay", algorithm 1 and section 3.3; ε from OpenAI Baselines.

    Args:
        capacity: transitions over all environments.
        alpha: how much priorities matter: 0 not at all, 1 in proportion (α).
        beta: how much the weights correct for it: 0 not at all, 1 in full (β). A schedule over agent steps (`stored`);
            usually it rises linearly to 1 until the end of training.
        epsilon: added to the errors, so that transitions without error are drawn as well (ε).
        device: where samples go.
        store_device: where transitions are kept.
        generator: draws the samples, on the CPU; without one, a fresh one from the operating system.

    Raises:
        HyperparameterError: alpha is negative, or epsilon not positive.
        UsageError: the capacity is not positive, or the generator is not on the CPU.
    """

    def __init__(
        self,
        capacity: int,
        alpha: float = 0.6,
        beta: Schedule | float = 1.0,
        epsilon: float = 1e-6,
        device: torch.device | str = "cpu",
        store_device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ) -> None:
        if alpha < 0:
            raise HyperparameterError(
                f"prioritised replay with an alpha of {alpha} would draw the largest errors least often",
                hint="give an alpha of 0 (uniform) or more",
            )
        if epsilon <= 0:
            raise HyperparameterError(
                f"prioritised replay with an epsilon of {epsilon} would never draw what had no error again",
                hint="give a small positive epsilon",
            )
        self.ring = StepRing(capacity, store_device, bytes_per_place=PRIORITY_BYTES)
        self.alpha, self.beta, self.epsilon = alpha, as_schedule(beta), epsilon
        self.device = torch.device(device)
        self._generator = replay_generator(generator)
        self._tree: SumTree | None = None  # made at the first draw; 0 where nothing can be drawn
        self._highest = 1.0  # the highest priority so far
        self._first_place = 0  # which places the tree knows of: from this one on,
        self._closed_rows = np.zeros(0, dtype=np.int64)  # up to these rows of the environments [E]
        self._drawn: np.ndarray | None = None  # the places of the minibatch drawn last

    def store(self, state: State | None, action: Any, next_state: State) -> None:
        """Remember a transition.

        Raises:
            UsageError: the entries are not those of the first store, or the storage does not fit into memory.
        """
        self.ring.store(state, action, next_state)

    def sample(self, batch_size: int) -> Sample:
        """Draw N transitions in proportion to their priorities.

        Raises:
            UsageError: there is none.
        """
        require_transitions(self)
        tree = self._up_to_date_tree()
        within = torch.rand(batch_size, dtype=torch.float64, generator=self._generator).numpy()
        positions = tree.find((np.arange(batch_size) + within) * (tree.total / batch_size))
        self._drawn = self.ring.notes.places_at(positions)
        # n and the total are the same for all, so they are gone when the weights are divided by the largest.
        priorities = tree.priorities[positions]
        weights = (priorities / priorities.min()) ** -self.beta(self.stored)
        transitions = self.ring.transitions(self._drawn, self.device)
        return *transitions, torch.from_numpy(weights).to(self.device, torch.float32)

    def update_priorities(self, priorities: Tensor) -> None:
        """Set the priorities of the minibatch drawn last from its errors.

        Args:
            priorities: unsigned errors `[N]`, or another loss per transition that is 0 where there is nothing left to
                learn (for distributions the Kullback-Leibler divergence, not the cross-entropy, whose least value is the
                target's entropy), without the transitions' weights. They are copied to the host.

        Raises:
            UsageError: there are not N of them, some are negative, or nothing was drawn yet.
            NonFiniteError: some are infinite or not a number. Where training goes on regardless (`--on-nan go-on`), these
                transitions get the highest priority that there has been, as new ones do.
        """
        if self._drawn is None:
            raise UsageError("no minibatch was drawn whose priorities could be updated", hint="sample first")
        errors = self._checked(priorities.detach().cpu().double().numpy(), len(self._drawn))
        tree, notes = self._up_to_date_tree(), self.ring.notes
        there = self._drawn >= notes.first_place
        powers = (np.maximum(errors[there], 0.0) + self.epsilon) ** self.alpha
        powers[~np.isfinite(powers)] = self._highest
        tree.set(self._drawn[there] % notes.size, powers)
        self._highest = float(powers.max(initial=self._highest))

    @staticmethod
    def _checked(errors: np.ndarray, number: int) -> np.ndarray:
        if errors.shape != (number,):
            raise UsageError(
                f"priorities of shape {list(errors.shape)} do not fit a minibatch of {number} transitions",
                hint="give one number per transition: the loss before its mean is taken",
            )
        if (unusable := int(np.count_nonzero(~np.isfinite(errors)))) > 0 and not goes_on_regardless():
            raise non_finite(f"{unusable} of {number} priorities are infinite or not a number.")
        if errors.min(initial=0.0) < -_ROUNDING:
            raise UsageError(
                f"a priority of {errors.min():.4g} is negative",
                hint="priorities are unsigned: give abs() of the errors, or a loss that is never below 0",
            )
        return errors

    def _up_to_date_tree(self) -> SumTree:
        """The tree with all that was stored since it was used last: 0 for what gave way, the highest for what is new."""
        notes = self.ring.notes
        if self._tree is None:
            self._tree = SumTree(notes.size)
            self._closed_rows = np.zeros(notes.num_envs, dtype=np.int64)
        closed_rows = notes.closed_rows()
        known_until = int(self._closed_rows.max()) * notes.num_envs
        gone = np.arange(self._first_place, min(notes.first_place, known_until))
        first_new_row = max(int(self._closed_rows.min()), notes.first_row)
        new = np.arange(first_new_row * notes.num_envs, int(closed_rows.max()) * notes.num_envs)
        rows, envs = np.divmod(new, notes.num_envs)
        new = new[notes.drawable(new) & (rows >= self._closed_rows[envs])]
        if len(gone) + len(new):
            # A new place may lie at the position of one that is gone: what is set last counts.
            priorities = np.repeat((0.0, self._highest), (len(gone), len(new)))
            self._tree.set(np.concatenate((gone, new)) % notes.size, priorities)
        self._first_place, self._closed_rows = notes.first_place, closed_rows
        return self._tree

    def __len__(self) -> int:
        return self.ring.num_drawable

    @property
    def stored(self) -> int:
        """How many transitions were stored ever, in agent steps over all environments."""
        return self.ring.stored

    def state_dict(self) -> dict[str, Any]:
        """Everything stored (tensors that share the storage's memory: write or clone them before the next use)."""
        state: dict[str, Any] = {
            "steps": self.ring.state_dict(),
            "generator": self._generator.get_state(),
            "highest": self._highest,
        }
        if self.ring.stored:
            state["priorities"] = torch.from_numpy(self._up_to_date_tree().priorities)
        if self._drawn is not None:
            state["drawn"] = torch.from_numpy(self._drawn)
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly from where `state_dict` was taken.

        Raises:
            CheckpointError: it comes from a buffer of another capacity, of other states, or of other numbers of steps.
        """
        self.ring.load_state_dict(state["steps"])
        self._generator.set_state(state["generator"])
        self._highest = state["highest"]
        self._drawn = state["drawn"].numpy().copy() if "drawn" in state else None
        self._tree, self._first_place = None, 0
        if "priorities" in state:
            notes = self.ring.notes
            self._tree = SumTree(notes.size)
            self._tree.set(np.arange(notes.size), state["priorities"].numpy())
            self._first_place, self._closed_rows = notes.first_place, notes.closed_rows()
