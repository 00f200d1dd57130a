"""Transitions of several steps, from either replay buffer."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from allcore.core import State
from allcore.errors import UsageError
from allcore.memory.prioritized_replay import PrioritizedReplayBuffer
from allcore.memory.replay_buffer import ExperienceReplayBuffer, ReplayBuffer, Sample


class NStepReplayBuffer(ReplayBuffer):
    """Replay of transitions that reach n steps on: rewards are summed, and the next state is the one n steps later.

    The reward is r_1 + γ r_2 + ... + γ^(k-1) r_k and the entry `steps` of the next state is k. It is n, or less where

    - an episode ends before: the next state is the final one, with its mask, 0 if it terminated and 1 if it was truncated,
    - a life is lost before: the next state is the one in which it was lost, with mask 0,
    - storing breaks off before, at a state that does not follow the one stored last: the next state is the last that follows.

    So every step starts a transition, up to the last of an episode, and an agent's target is right with `discount_factor **
    next_states["steps"]`. A transition can be drawn from when the last of its steps is stored.

    Nothing is stored twice: the steps lie in the buffer's storage one by one, and rewards are summed when a minibatch is
    drawn (`allcore.memory.step_notes` says where windows end).

    Source: Hessel et al., 2018, "Rainbow: combining improvements in deep reinforcement learning", section 3.

    Args:
        n_steps: the most steps of a transition (n).
        discount_factor: what a reward one agent step later is worth (γ), the agent's own.
        buffer: an empty buffer, which keeps the transitions and chooses among them; used through this one only.

    Raises:
        HyperparameterError: `n_steps` is not positive, or the discount factor not within [0, 1].
        UsageError: the buffer cannot do it, or something was stored in it already.
    """

    def __init__(
        self,
        n_steps: int,
        discount_factor: float,
        buffer: ExperienceReplayBuffer | PrioritizedReplayBuffer,
    ) -> None:
        if not isinstance(buffer, (ExperienceReplayBuffer, PrioritizedReplayBuffer)):
            raise UsageError(
                f"a {type(buffer).__name__} cannot give transitions of several steps",
                hint="give an ExperienceReplayBuffer or a PrioritizedReplayBuffer",
            )
        buffer.ring.read_ahead(n_steps, discount_factor)
        self.n_steps = n_steps
        self.discount_factor = discount_factor
        self.buffer = buffer

    def store(self, state: State | None, action: Any, next_state: State) -> None:
        """Remember a step.

        Raises:
            UsageError: the entries are not those of the first store, the storage does not fit into memory, or it is too
                small for transitions of n steps.
        """
        self.buffer.store(state, action, next_state)

    def sample(self, batch_size: int) -> Sample:
        """Draw N transitions as the inner buffer chooses.

        Raises:
            UsageError: there is none.
        """
        return self.buffer.sample(batch_size)

    def update_priorities(self, priorities: Tensor) -> None:
        """Say how wrong the values of the minibatch drawn last were."""
        self.buffer.update_priorities(priorities)

    def __len__(self) -> int:
        return len(self.buffer)

    @property
    def stored(self) -> int:
        """How many steps were stored ever, in agent steps over all environments; the newest cannot be drawn yet."""
        return self.buffer.stored

    def state_dict(self) -> dict[str, Any]:
        """Everything stored (tensors that share the storage's memory: write or clone them before the next use)."""
        return self.buffer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly from where `state_dict` was taken.

        Raises:
            CheckpointError: it comes from a buffer of another capacity, of other states, or of another n.
        """
        self.buffer.load_state_dict(state)
