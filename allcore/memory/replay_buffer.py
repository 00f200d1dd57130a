"""Experience replay: agents learn from transitions drawn at random from what they have lived through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from allcore.core import State, StateArray
from allcore.errors import UsageError
from allcore.memory.step_ring import StepRing
from allcore.seeding import Seeds

Sample = tuple[StateArray, Tensor, Tensor, StateArray, Tensor]

_MOST_CANDIDATES = 65536


class ReplayBuffer(ABC):
    """Stores transitions (state, action, reward, next state) and gives back minibatches of them.

    Letters: N minibatch, E environments.
    """

    @abstractmethod
    def store(self, state: State | None, action: Any, next_state: State) -> None:
        """Remember that `action`, taken in `state`, led to `next_state`, whose `reward` is the reward.

        Args:
            state: a State, or a StateArray `[E]`; None when there is none yet, at an agent's first step.
            action: a number or a tensor `[...]`; a tensor `[E, ...]` for E environments; None if `state` is None.
            next_state: of the same kind as `state`.
        """

    @abstractmethod
    def sample(self, batch_size: int) -> Sample:
        """Draw N = `batch_size` transitions.

        Returns:
            States `[N]` (their mask is 1), actions `[N, ...]`, rewards `[N]`, next states `[N]` with their own mask
            (0 where there is nothing to bootstrap from), and the weights `[N]` of the transitions in the loss.

            The next states have an entry more, `steps` `[N]` (float32): how many agent steps lie between the state and
            its next state. It is 1 unless the buffer sums rewards over several steps; the rewards are then the
            discounted sum over so many. So the target of a value is, whatever the buffer,
            `rewards + discount_factor ** next_states["steps"] * value_of(next_states)`.
        """

    def update_priorities(self, priorities: Tensor) -> None:
        """Say how wrong the values of the minibatch drawn last were. A buffer that draws uniformly does not care.

        Args:
            priorities: unsigned errors `[N]`, or another loss per transition that is never negative, without the
                transitions' weights.
        """

    @abstractmethod
    def __len__(self) -> int:
        """How many transitions can be drawn now."""

    @property
    @abstractmethod
    def stored(self) -> int:
        """How many transitions were stored ever, in agent steps over all environments."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on exactly: tensors (not copied) and plain values."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


class ExperienceReplayBuffer(ReplayBuffer):
    """Uniform replay: every stored transition is drawn with the same probability, with replacement.

    Observations lie in storage once, and frames of a stack one by one (`allcore.memory.step_ring`): about 7.1 kB for an
    Atari transition. After `capacity` transitions the oldest give way. States in which an episode ended take up a place
    as well, so that slightly fewer transitions can be drawn. Drawing takes the same time at any size.

    Source: Lin, 1992, "Self-improving reactive agents based on reinforcement learning, planning and teaching".

    Args:
        capacity: transitions over all environments.
        device: where samples go.
        store_device: where transitions are kept.
        generator: draws the samples, on the CPU; without one, a fresh one from the operating system.

    Raises:
        UsageError: the capacity is not positive, or the generator is not on the CPU.
    """

    def __init__(
        self,
        capacity: int,
        device: torch.device | str = "cpu",
        store_device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ) -> None:
        self.ring = StepRing(capacity, store_device)
        self.device = torch.device(device)
        self._generator = replay_generator(generator)

    def store(self, state: State | None, action: Any, next_state: State) -> None:
        """Remember a transition.

        Raises:
            UsageError: the entries are not those of the first store, or the storage does not fit into memory.
        """
        self.ring.store(state, action, next_state)

    def sample(self, batch_size: int) -> Sample:
        """Draw N transitions, each independently and uniformly from all that there are.

        Raises:
            UsageError: there is none.
        """
        require_transitions(self)
        states, actions, rewards, next_states = self.ring.transitions(self._draw(batch_size), self.device)
        return states, actions, rewards, next_states, torch.ones(batch_size, device=self.device)

    def _draw(self, batch_size: int) -> np.ndarray:
        """Places `[N]` where transitions start. Candidates among all places are kept if one starts there: no bias."""
        notes = self.ring.notes
        acceptance = notes.num_drawable / notes.num_places
        accepted: list[np.ndarray] = []
        missing = batch_size
        while missing > 0:
            count = min(int(missing / acceptance * 1.1) + 4, _MOST_CANDIDATES)
            candidates = torch.randint(notes.num_places, (count,), generator=self._generator).numpy()
            candidates += notes.first_place
            accepted.append(candidates[notes.drawable(candidates)][:missing])
            missing -= len(accepted[-1])
        return np.concatenate(accepted)

    def __len__(self) -> int:
        return self.ring.num_drawable

    @property
    def stored(self) -> int:
        """How many transitions were stored ever, in agent steps over all environments."""
        return self.ring.stored

    def state_dict(self) -> dict[str, Any]:
        """Everything stored (tensors that share the storage's memory: write or clone them before the next store)."""
        return {"steps": self.ring.state_dict(), "generator": self._generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly from where `state_dict` was taken.

        Raises:
            CheckpointError: it comes from a buffer of another capacity, or of other states.
        """
        self.ring.load_state_dict(state["steps"])
        self._generator.set_state(state["generator"])


def replay_generator(generator: torch.Generator | None) -> torch.Generator:
    """`generator`, which has to be on the CPU; without one, a fresh one from the operating system.

    Raises:
        UsageError: the generator is not on the CPU.
    """
    if generator is None:
        return Seeds().generator("replay")
    if generator.device.type != "cpu":
        raise UsageError(
            f"a replay buffer draws its samples on the CPU, but its generator is on {generator.device}",
            hint="hand over torch.Generator(), or Seeds(seed).generator('replay')",
        )
    return generator


def require_transitions(buffer: ReplayBuffer) -> None:
    """Refuse to draw from a buffer without transitions.

    Raises:
        UsageError: there is none.
    """
    if not len(buffer):
        raise UsageError(
            "this replay buffer has no transition to draw yet",
            hint="wait until len(buffer) is at least 1 before the first update (replay_start_size)",
        )
