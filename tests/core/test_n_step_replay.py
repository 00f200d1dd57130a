"""Transitions of several steps by hand: where they end, what they sum, what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from allcore.core import State, StateArray
from allcore.errors import CheckpointError, HyperparameterError, UsageError
from allcore.memory import ExperienceReplayBuffer, NStepReplayBuffer, PrioritizedReplayBuffer, ReplayBuffer

KINDS = pytest.mark.parametrize("kind", [ExperienceReplayBuffer, PrioritizedReplayBuffer])


def numbered(number: int, done: bool = False, mask: float | None = None) -> State:
    """A state whose observation and reward say which one it is."""
    mask = (0.0 if done else 1.0) if mask is None else mask
    return State({"observation": torch.tensor([number]), "reward": float(number), "done": done, "mask": mask})


def fill(buffer: ReplayBuffer, states: list[State]) -> None:
    previous: State | None = None
    for state in states:
        buffer.store(previous, None if previous is None else int(previous.reward), state)
        previous = state


def drawn(buffer: ReplayBuffer) -> dict[int, tuple[float, int, int, float]]:
    """By the number of the state: the reward, the number of the next state, its steps and its mask."""
    states, actions, rewards, after, _ = buffer.sample(500)
    assert torch.equal(actions, states.observation[:, 0])
    assert states.mask.unique().tolist() == [1.0]
    assert torch.equal(after.reward, after.observation[:, 0].float())  # its own, not the sum
    columns = (
        states.observation[:, 0],
        rewards,
        after.observation[:, 0],
        after["steps"].int(),
        after.mask,
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {first: tuple(rest) for first, *rest in rows}


@KINDS
def test_windows_end_with_the_episode_and_where_a_life_is_lost(kind):
    buffer = NStepReplayBuffer(3, 0.5, kind(30))
    fill(
        buffer,
        [
            *(numbered(number) for number in range(4)),
            numbered(4, mask=0.0),  # a life lost
            numbered(5),
            numbered(6, done=True),  # terminated
            numbered(7),
            numbered(8),
            numbered(9, done=True, mask=1.0),  # truncated
            numbered(10),
            numbered(11),
            numbered(12),
        ],
    )
    assert drawn(buffer) == {
        0: (1 + 0.5 * 2 + 0.25 * 3, 3, 3, 1.0),
        1: (2 + 0.5 * 3 + 0.25 * 4, 4, 3, 0.0),
        2: (3 + 0.5 * 4, 4, 2, 0.0),
        3: (4, 4, 1, 0.0),
        4: (5 + 0.5 * 6, 6, 2, 0.0),
        5: (6, 6, 1, 0.0),
        7: (8 + 0.5 * 9, 9, 2, 1.0),
        8: (9, 9, 1, 1.0),
        # 10 and 11 wait for a third step
    }
    assert (len(buffer), buffer.stored) == (8, 10)


@KINDS
def test_a_transition_can_be_drawn_when_its_last_step_is_stored(kind):
    buffer = NStepReplayBuffer(3, 0.9, kind(30))
    states = [*(numbered(number) for number in range(5)), numbered(5, done=True), numbered(6), numbered(7)]
    lengths, previous = [], None
    for state in states:
        buffer.store(previous, None if previous is None else int(previous.reward), state)
        previous = state
        lengths.append(len(buffer))
    assert lengths == [0, 0, 0, 1, 2, 5, 5, 5]


@KINDS
def test_a_break_ends_windows_as_a_truncation_does(kind):
    buffer = NStepReplayBuffer(3, 0.5, kind(30))
    fill(buffer, [numbered(number) for number in range(3)])
    assert len(buffer) == 0
    buffer.store(None, None, numbered(9))
    assert len(buffer) == 2
    fill(buffer, [numbered(number) for number in range(10, 14)])  # begins with a state that does not follow
    assert drawn(buffer) == {
        0: (1 + 0.5 * 2, 2, 2, 1.0),
        1: (2, 2, 1, 1.0),
        10: (11 + 0.5 * 12 + 0.25 * 13, 13, 3, 1.0),
    }


@KINDS
def test_environments_keep_their_windows_apart(kind):
    buffer = NStepReplayBuffer(2, 0.5, kind(30))
    previous = None
    dones = [[False, False], [False, True], [False, False], [False, False]]
    for step, done in enumerate(dones):
        numbers = torch.tensor([step, 10 + step])
        entries = {"observation": numbers[:, None], "reward": numbers.float(), "done": torch.tensor(done)}
        state = StateArray(entries, (2,))
        buffer.store(previous, None if previous is None else previous.observation[:, 0], state)
        previous = state
    assert drawn(buffer) == {
        0: (1 + 0.5 * 2, 2, 2, 1.0),
        1: (2 + 0.5 * 3, 3, 2, 1.0),
        10: (11, 11, 1, 0.0),  # 11 was final, and 12 has one step only
    }


@KINDS
def test_one_step_is_what_the_buffer_gives_without(kind):
    states = [numbered(number, done=number % 5 == 4) for number in range(40)]
    plain = kind(20, generator=torch.Generator().manual_seed(0))
    wrapped = NStepReplayBuffer(1, 0.9, kind(20, generator=torch.Generator().manual_seed(0)))
    for buffer in (plain, wrapped):
        fill(buffer, states)
    assert len(plain) == len(wrapped)
    for one, other in zip(plain.sample(50), wrapped.sample(50), strict=True):
        if isinstance(one, StateArray):
            names = one.keys()
            assert all(torch.equal(one[name], other[name]) for name in names)
        else:
            assert torch.equal(one, other)


def test_rewards_that_lie_in_unused_memory_never_count():
    buffer = NStepReplayBuffer(4, 0.9, ExperienceReplayBuffer(20))
    fill(buffer, [numbered(0), numbered(1, done=True)])
    buffer.buffer.ring._storage.columns["reward"].tensor[2:] = torch.nan
    assert drawn(buffer) == {0: (1.0, 1, 1, 0.0)}


@KINDS
def test_a_buffer_saved_amid_windows_goes_on_exactly(kind):
    def make() -> NStepReplayBuffer:
        return NStepReplayBuffer(4, 0.9, kind(12, generator=torch.Generator().manual_seed(0)))

    states = [numbered(number, done=number % 7 == 6) for number in range(30)]
    for cut in range(1, 25):
        original, loaded = make(), make()
        fill(original, states[:cut])
        loaded.load_state_dict(copy.deepcopy(original.state_dict()))
        assert (len(loaded), loaded.stored) == (len(original), original.stored)
        for buffer in (original, loaded):
            for previous, state in zip(states[cut - 1 :], states[cut : cut + 5], strict=False):
                buffer.store(previous, int(previous.reward), state)
        assert len(loaded) == len(original)
        assert same(original.sample(32), loaded.sample(32))


def same(one: Any, other: Any) -> bool:
    states = all(torch.equal(one[part][key], other[part][key]) for part in (0, 3) for key in one[part].keys())  # noqa: SIM118
    return states and all(torch.equal(one[part], other[part]) for part in (1, 2, 4))


# ---- what is refused


def test_what_cannot_be_is_refused():
    with pytest.raises(HyperparameterError, match="0 steps"):
        NStepReplayBuffer(0, 0.9, ExperienceReplayBuffer(10))
    with pytest.raises(HyperparameterError, match="discount factor of 1.5"):
        NStepReplayBuffer(3, 1.5, ExperienceReplayBuffer(10))
    with pytest.raises(UsageError, match="NStepReplayBuffer cannot give transitions of several steps"):
        NStepReplayBuffer(3, 0.9, NStepReplayBuffer(3, 0.9, ExperienceReplayBuffer(10)))
    used = ExperienceReplayBuffer(10)
    used.store(None, None, numbered(0))
    with pytest.raises(UsageError, match="cannot change once"):
        NStepReplayBuffer(3, 0.9, used)


def test_a_capacity_below_one_window_is_refused():
    fill(NStepReplayBuffer(3, 0.9, ExperienceReplayBuffer(3)), [numbered(number) for number in range(9)])
    with pytest.raises(UsageError, match="none of its transitions can have 3") as error:
        NStepReplayBuffer(3, 0.9, ExperienceReplayBuffer(2)).store(None, None, numbered(0))
    assert "at least 3" in str(error.value)
    states = StateArray({"observation": torch.zeros(2, 1)}, (2,))
    with pytest.raises(UsageError, match="keeps 2 steps of each"):
        NStepReplayBuffer(3, 0.9, ExperienceReplayBuffer(5)).store(None, None, states)


def test_a_draw_before_the_first_window_is_complete_is_refused():
    buffer = NStepReplayBuffer(3, 0.9, ExperienceReplayBuffer(10))
    fill(buffer, [numbered(0), numbered(1), numbered(2)])
    with pytest.raises(UsageError, match="no transition to draw yet"):
        buffer.sample(1)


def test_another_number_of_steps_cannot_be_loaded():
    saved = NStepReplayBuffer(3, 0.9, ExperienceReplayBuffer(10)).state_dict()
    with pytest.raises(CheckpointError, match="up to 3 steps cannot be loaded into one with 5"):
        NStepReplayBuffer(5, 0.9, ExperienceReplayBuffer(10)).load_state_dict(saved)
    with pytest.raises(CheckpointError, match="into one with 1"):
        ExperienceReplayBuffer(10).load_state_dict(saved)
