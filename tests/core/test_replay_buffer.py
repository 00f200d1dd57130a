"""Uniform replay: the distribution, the generator, going on after a checkpoint, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from allcore.core import StackedFrames, State, StateArray
from allcore.errors import CheckpointError, UsageError
from allcore.memory import ExperienceReplayBuffer


def numbered(
    number: int, stack_size: int = 1, done: bool = False, mask: float | None = None, **extra: Any
) -> State:
    """A state whose observation says which one it is."""
    frame = torch.full((1, 2, 2), number, dtype=torch.uint8)
    observation = StackedFrames((frame,) * stack_size) if stack_size > 1 else frame
    mask = (0.0 if done else 1.0) if mask is None else mask
    return State({"observation": observation, "reward": float(number), "done": done, "mask": mask, **extra})


def fill(buffer: ExperienceReplayBuffer, states: list[State]) -> list[State]:
    """Store states one after the other, each with its number as action, as an agent does."""
    previous: State | None = None
    for state in states:
        buffer.store(previous, None if previous is None else int(previous.reward), state)
        previous = state
    return states


def seeded(capacity: int, seed: int = 0) -> ExperienceReplayBuffer:
    return ExperienceReplayBuffer(capacity, generator=torch.Generator().manual_seed(seed))


# ---- what is drawn


def test_the_newest_transition_can_be_drawn_at_once():
    buffer = seeded(10)
    fill(buffer, [numbered(0), numbered(1)])
    assert len(buffer) == buffer.stored == 1
    states, actions, rewards, next_states, weights = buffer.sample(3)
    assert states.observation.shape == (3, 1, 2, 2)
    assert states.observation.flatten().unique().tolist() == [0]
    assert next_states.observation.flatten().unique().tolist() == [1]
    assert (actions.tolist(), rewards.tolist(), weights.tolist()) == ([0] * 3, [1.0] * 3, [1.0] * 3)
    assert (actions.dtype, rewards.dtype, states.done.dtype) == (torch.int64, torch.float32, torch.bool)
    assert (next_states["steps"].tolist(), next_states["steps"].dtype) == ([1.0] * 3, torch.float32)
    assert "steps" not in states


def test_uniform_replay_does_not_care_for_priorities():
    buffer, other = seeded(10), seeded(10)
    for one in (buffer, other):
        fill(one, [numbered(0), numbered(1), numbered(2)])
    buffer.sample(4)
    other.sample(4)
    buffer.update_priorities(torch.rand(4))
    assert_equal_samples(buffer, other)


def test_nothing_starts_in_a_final_state_and_its_successor_is_no_transition():
    buffer = seeded(10)
    fill(buffer, [numbered(0), numbered(1), numbered(2, done=True), numbered(3), numbered(4)])
    states, _, _, next_states, _ = buffer.sample(200)
    pairs = set(zip(states.reward.tolist(), next_states.reward.tolist(), strict=True))
    assert pairs == {(0, 1), (1, 2), (3, 4)}
    assert len(buffer) == buffer.stored == 3


def test_a_life_lost_goes_on_a_termination_ends_and_a_truncation_bootstraps():
    buffer = seeded(20)
    fill(
        buffer,
        [
            numbered(0),
            numbered(1, mask=0.0),  # a life lost
            numbered(2),
            numbered(3, done=True, mask=0.0),  # terminated
            numbered(4),
            numbered(5, done=True, mask=1.0),  # truncated
            numbered(6),
        ],
    )
    states, _, _, next_states, _ = buffer.sample(300)
    assert set(states.reward.tolist()) == {0, 1, 2, 4}
    assert states.mask.unique().tolist() == [1.0]
    masks = dict(zip(next_states.reward.tolist(), next_states.mask.tolist(), strict=True))
    assert masks == {1: 0.0, 2: 1.0, 3: 0.0, 5: 1.0}
    dones = dict(zip(next_states.reward.tolist(), next_states.done.tolist(), strict=True))
    assert dones == {1: False, 2: False, 3: True, 5: True}


def test_every_transition_is_equally_likely():
    buffer = seeded(40)
    fill(
        buffer, [numbered(number, done=number % 4 == 3) for number in range(60)]
    )  # wrapped, a fourth starts nothing
    places = buffer.ring.drawable_places()
    assert len(places) == len(buffer) == 30
    states = buffer.sample(30_000)[0]
    values, counts = np.unique(states.reward.numpy(), return_counts=True)
    assert len(values) == 30
    chi_square = float(((counts - 1000) ** 2 / 1000).sum())
    assert chi_square < 58.3  # 29 degrees of freedom, p = 0.001


def test_a_draw_is_filled_however_rare_transitions_are():
    buffer = seeded(300)
    for number in range(200):
        buffer.store(None, None, numbered(number))
    last = numbered(200)
    buffer.store(None, None, last)
    buffer.store(last, 7, numbered(201))
    assert len(buffer) == 1
    assert buffer.sample(64)[1].tolist() == [7] * 64


def test_the_same_seed_draws_the_same_and_no_global_generator_is_used():
    states = [numbered(number) for number in range(50)]
    one, same, other = seeded(30, 1), seeded(30, 1), seeded(30, 2)
    for buffer in (one, same, other):
        fill(buffer, states)
    before = torch.random.get_rng_state()
    drawn = [buffer.sample(16)[1].tolist() for buffer in (one, same, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert torch.equal(before, torch.random.get_rng_state())
    assert one.sample(16)[1].tolist() != drawn[0]


def test_what_is_stored_is_a_copy():
    buffer = seeded(10)
    frame, action = torch.zeros(3), torch.zeros(2, requires_grad=True)
    done = torch.tensor([False])
    first = StateArray({"observation": frame[None], "done": done}, (1,))
    buffer.store(None, None, first)
    done[0] = True  # an environment may write into its own tensors
    buffer.store(first, action[None], StateArray({"observation": torch.ones(1, 3)}, (1,)))
    frame += 5
    states, actions, *_ = buffer.sample(1)
    assert states.observation.tolist() == [[0, 0, 0]]
    assert not actions.requires_grad


# ---- going on


def stream(start: int, number: int) -> list[State]:
    """States of episodes of 7 steps, with stacks of 3 frames."""
    states = []
    for index in range(start, start + number):
        first = index - index % 7
        frames = tuple(numbered(max(first, index - back)).observation for back in (2, 1, 0))
        state = numbered(index, done=index % 7 == 6, step=index)
        states.append(state.update("observation", StackedFrames(frames)))
    return states


def test_loading_replaces_what_was_there_and_keeps_its_memory():
    original, loaded = seeded(15), seeded(15)
    fill(original, stream(0, 9))
    mine = fill(loaded, stream(100, 40))[-1]
    pointer = loaded.state_dict()["steps"]["entries"]["observation"].data_ptr()
    loaded.load_state_dict(clone(original.state_dict()))
    assert loaded.state_dict()["steps"]["entries"]["observation"].data_ptr() == pointer
    assert_equal_samples(original, loaded)
    # It goes on from the newest state that was loaded (one row more), and not from the one that was there before (a
    # beginning takes a row for each frame of the stack).
    equal_state, following = stream(8, 2)
    for state, rows in ((equal_state, 1), (mine, 3 + 1)):
        loaded.load_state_dict(clone(original.state_dict()))
        before = loaded.state_dict()["steps"]["written"]
        loaded.store(state, 8, following)
        assert loaded.state_dict()["steps"]["written"] == before + rows


def test_a_newest_state_with_nan_in_it_is_known_again_after_loading():
    def state(number: float) -> State:
        observation = torch.tensor([number, float("nan"), float("inf")])
        return State({"observation": observation, "pixels": torch.tensor([1], dtype=torch.uint8)})

    for newest, rows in ((state(0.0), 1), (state(9.0), 2)):
        original, loaded = seeded(15), seeded(15)
        original.store(None, None, state(0.0))
        loaded.load_state_dict(clone(original.state_dict()))
        loaded.store(newest, 8, state(1.0))
        assert loaded.state_dict()["steps"]["written"] == 1 + rows


def test_numbers_of_another_type_are_rounded_to_the_first_one_s():
    buffer, found = seeded(15), []
    previous = State({"observation": torch.tensor([0.5])})
    buffer.store(None, None, previous)
    for number in (torch.tensor([0.1], dtype=torch.float64), torch.tensor([2**24 + 1])):
        state = State({"observation": number})
        buffer.store(previous, 0, state)
        found.append(buffer.ring.newest().observation)
        previous = state
    assert torch.equal(torch.cat(found).flatten(), torch.tensor([0.1, 2.0**24]))


def test_a_state_that_is_not_the_newest_does_not_follow_it_after_loading():
    original, loaded = seeded(15), seeded(15)
    fill(original, [numbered(0), numbered(1)])
    loaded.load_state_dict(clone(original.state_dict()))
    loaded.store(numbered(5), 5, numbered(6))
    states, actions, _, next_states, _ = loaded.sample(100)
    found = set(zip(states.reward.tolist(), actions.tolist(), next_states.reward.tolist(), strict=True))
    assert found == {(0, 0, 1), (5, 5, 6)}


def test_an_empty_buffer_can_be_saved_and_loaded():
    original, loaded = seeded(15), seeded(15, 9)
    fill(loaded, stream(0, 9))
    loaded.load_state_dict(original.state_dict())
    assert len(loaded) == loaded.stored == 0
    for buffer in (original, loaded):
        fill(buffer, stream(0, 9))
    assert_equal_samples(original, loaded)


def test_what_was_saved_is_tensors_and_plain_values():
    buffer = seeded(15)
    fill(buffer, stream(0, 9))

    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert all(isinstance(key, str) for key in value)
            for item in value.values():
                check(item)
        elif isinstance(value, list):
            assert all(isinstance(item, str) for item in value)
        else:
            assert isinstance(value, (torch.Tensor, bool, int, float, str))

    check(buffer.state_dict())


def test_loading_into_another_kind_of_buffer_is_refused():
    original = seeded(15)
    fill(original, stream(0, 9))
    saved = clone(original.state_dict())
    with pytest.raises(CheckpointError, match="15 transitions cannot be loaded into one of 20"):
        seeded(20).load_state_dict(saved)
    other = seeded(15)
    fill(other, [numbered(0), numbered(1)])
    with pytest.raises(CheckpointError, match="another kind"):
        other.load_state_dict(saved)


def clone(state: dict[str, Any]) -> dict[str, Any]:
    return {
        key: clone(value)
        if isinstance(value, dict)
        else value.clone()
        if isinstance(value, torch.Tensor)
        else value
        for key, value in state.items()
    }


def assert_equal_samples(one: ExperienceReplayBuffer, other: ExperienceReplayBuffer) -> None:
    for _ in range(3):
        (states, actions, rewards, after, _), (states_, actions_, rewards_, after_, _) = (
            one.sample(32),
            other.sample(32),
        )
        assert torch.equal(actions, actions_)
        assert torch.equal(rewards, rewards_)
        for one_states, other_states in ((states, states_), (after, after_)):
            names = one_states.keys()
            for name in names:
                assert torch.equal(one_states[name], other_states[name])


# ---- what is refused


def test_an_empty_buffer_cannot_be_sampled():
    buffer = seeded(10)
    with pytest.raises(UsageError, match="no transition to draw yet"):
        buffer.sample(1)
    buffer.store(None, None, numbered(0))
    with pytest.raises(UsageError, match="no transition to draw yet"):
        buffer.sample(1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            numbered(2).update("observation", torch.zeros(1, 2, 3, dtype=torch.uint8)),
            r"'observation'.*\[1, 2, 3\]",
        ),
        (numbered(2).update("observation", torch.zeros(1, 2, 2)), r"'observation'.*float32"),
        (numbered(2, stack_size=4), r"'observation'.*stack of 4"),
        (numbered(2, extra=1), "only one of them has extra"),
        (numbered(2).update("step", 0.5), "'step'.*float"),
        (numbered(2).update("step", torch.zeros(2, dtype=torch.int64)), r"'step'.*shape \[2\]"),
        (numbered(2).update("observation", 3), "'observation'.*int"),
    ],
)
def test_a_state_unlike_the_first_is_refused_and_leaves_the_buffer_as_it_was(changed, message):
    buffer = seeded(10)
    states = [numbered(0), numbered(1)]
    if "extra" not in changed:
        changed = changed if "step" in changed else changed.update("step", 2)
        states = [state.update("step", index) for index, state in enumerate(states)]
    fill(buffer, states)
    with pytest.raises(UsageError, match=message):
        buffer.store(states[-1], 1, changed)
    assert len(buffer) == buffer.stored == 1
    assert buffer.sample(4)[1].tolist() == [0] * 4


def test_an_action_unlike_the_first_is_refused():
    buffer = seeded(10)
    states = fill(buffer, [numbered(0), numbered(1)])
    with pytest.raises(UsageError, match=r"'action'.*float"):
        buffer.store(states[-1], 0.5, numbered(2))
    with pytest.raises(UsageError, match="without its action"):
        buffer.store(states[-1], None, numbered(2))
    assert len(buffer) == 1


def test_a_text_in_a_state_is_refused_by_name():
    with pytest.raises(UsageError, match="'agent' cannot be stored.*str"):
        seeded(10).store(None, None, State({"observation": torch.zeros(2), "agent": "first"}))


def test_the_name_of_the_entry_that_samples_add_is_taken():
    with pytest.raises(UsageError, match="'steps' cannot be stored"):
        seeded(10).store(None, None, State({"observation": torch.zeros(2), "steps": 3}))


def test_impossible_buffers_are_refused():
    with pytest.raises(UsageError, match="capacity of 0"):
        ExperienceReplayBuffer(0)
    with pytest.raises(UsageError, match="no room for 3 environments"):
        ExperienceReplayBuffer(2).store(None, None, StateArray({"observation": torch.zeros(3, 1)}, (3,)))
    with pytest.raises(UsageError, match="one step at a time"):
        ExperienceReplayBuffer(20).store(
            None, None, StateArray({"observation": torch.zeros(3, 2, 1)}, (3, 2))
        )


def test_numbers_are_stored_by_kind():
    buffer = seeded(10)
    state = State({"observation": torch.zeros(2), "reward": 1, "flag": True, "count": 3, "share": 0.5})
    following = State({"observation": torch.zeros(2), "reward": 0.25, "flag": False, "count": 4, "share": 1})
    buffer.store(None, None, state)
    buffer.store(state, 1, following)
    next_states = buffer.sample(1)[3]
    assert {
        name: (next_states[name].dtype, next_states[name].item())
        for name in ("reward", "flag", "count", "share")
    } == {
        "reward": (torch.float32, 0.25),
        "flag": (torch.bool, False),
        "count": (torch.int64, 4),
        "share": (torch.float32, 1.0),
    }
