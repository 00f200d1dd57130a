"""Replay holds, byte for byte, what a buffer of whole transitions would hold."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from allcore.core import StackedFrames, State, StateArray
from allcore.memory import ExperienceReplayBuffer

FRAME = (2, 3, 2)  # channels, height, width


class Naive:
    """Keeps every transition whole: (entries before, action, entries after), for `capacity // E` rows."""

    def __init__(self, capacity: int, num_envs: int, stack_size: int) -> None:
        self.span, self.stack_size = capacity // num_envs, stack_size
        self.rows: list[list[Any]] = []
        self.newest: State | None = None

    def store(self, state: State | None, action: Any, next_state: State) -> None:
        if state is None or state is not self.newest:
            # a beginning costs a row for the state and one for each older frame of its stack
            self.rows += [[] for _ in range(self.stack_size)]
        if state is not None:
            before, after = entries_by_env(state), entries_by_env(next_state)
            actions = [action] if not state.shape else list(action)
            for first, act, second in zip(before, actions, after, strict=True):
                if not first["done"]:
                    first["mask"] = torch.tensor(
                        1.0
                    )  # an action was taken in it, so it is a state like any other
                    second["steps"] = torch.tensor(1.0)
                    self.rows[-1].append((first, torch.as_tensor(act), second))
            self.rows.append([])
        self.newest = next_state

    def transitions(self) -> list[Any]:
        return [transition for row in self.rows[-1 - self.span : -1] for transition in row]


def entries_by_env(state: State) -> list[dict[str, torch.Tensor]]:
    names = state.keys()
    if not state.shape:
        return [{name: torch.as_tensor(state[name]).clone() for name in names}]
    return [{name: state[name][env].clone() for name in names} for env in range(state.shape[0])]


class Play:
    """Random episodes, with the states that an environment and a frame stack would make of them.

    Episodes end by termination and by truncation, lives are lost in between, and the environments end at different
    times; after an end comes the first state of the next episode, with reward 0.
    """

    def __init__(self, seed: int, num_envs: int | None, stack_size: int, ending: float, parts: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.num_envs, self.stack_size, self.ending, self.parts = num_envs, stack_size, ending, parts
        self.envs = num_envs or 1
        self.done = np.ones(self.envs, dtype=bool)
        self.frames: list[torch.Tensor] = []
        self.age = np.zeros(self.envs, dtype=np.int64)

    def state(self) -> State:
        """The next state; where the last one was done, the first of an episode."""
        first = torch.from_numpy(self.done.copy())
        frame = torch.from_numpy(self.rng.integers(0, 256, (self.envs, *FRAME), dtype=np.uint8))
        older = [*self.frames[1:], frame] if self.frames else [frame] * self.stack_size
        self.frames = [torch.where(first.view(-1, 1, 1, 1), frame, old) for old in older]
        reward = self.rng.normal(size=self.envs).astype(np.float32) * ~self.done
        self.age = np.where(self.done, 0, self.age + 1)
        # an episode may not end with its first state: environments are stepped at least once
        done = ~self.done & (self.rng.random(self.envs) < self.ending)
        terminated = done & (self.rng.random(self.envs) < 0.5)
        life_lost = ~self.done & (self.rng.random(self.envs) < 0.2)
        self.done = done
        values = {
            "reward": torch.from_numpy(reward),
            "done": torch.from_numpy(done.copy()),
            "mask": torch.from_numpy(1.0 - (terminated | life_lost).astype(np.float32)),
            "life_lost": torch.from_numpy(life_lost),
            "age": torch.from_numpy(self.age.copy()),
        }
        return self._wrap(values)

    def _wrap(self, values: dict[str, torch.Tensor]) -> State:
        one = self.num_envs is None
        image = [frame[0] for frame in self.frames] if one else self.frames
        entries: dict[str, Any] = {}
        entries["observation.image" if self.parts else "observation"] = (
            StackedFrames(tuple(image)) if self.stack_size > 1 else image[-1]
        )
        if self.parts:
            pose = torch.from_numpy(self.rng.normal(size=(self.envs, 5)))  # float64
            entries["observation.pose"] = pose[0] if one else pose
            depth = [frame.float() for frame in image]
            entries[
                "observation.depth"
            ] = (  # a second stack, of another size, joined along another dimension
                StackedFrames(tuple(depth[-2:]), channel_dim=-1) if self.stack_size > 1 else depth[-1]
            )
        if one:
            entries.update({name: value[0].item() for name, value in values.items()})
            return State(entries)
        return StateArray({**entries, **values}, (self.envs,))

    def action(self) -> Any:
        if self.num_envs is None:
            return int(self.rng.integers(10))
        return torch.from_numpy(self.rng.normal(size=(self.envs, 2)))


def steps(play: Play, number: int, broken: float) -> Iterator[tuple[State | None, Any, State]]:
    """What an agent stores: it goes on from its last state, but now and then begins anew."""
    state, action = None, None
    for _ in range(number):
        if state is not None and play.rng.random() < broken:
            if play.rng.random() < 0.5:
                state, action = None, None
            else:
                play.state()  # lost on the way: the transition does not follow the one before
                state = play.state()
        next_state = play.state()
        yield state, action, next_state
        state, action = next_state, play.action()


def content(buffer: ExperienceReplayBuffer) -> list[Any]:
    """All transitions of the buffer, the oldest first."""
    places = buffer.ring.drawable_places()
    if not len(places):
        return []
    states, actions, rewards, next_states = buffer.ring.transitions(places, buffer.device)
    assert torch.equal(rewards, next_states.reward)
    return [
        (first, action, second)
        for first, action, second in zip(
            entries_by_env(states), actions, entries_by_env(next_states), strict=True
        )
    ]


def assert_same(found: list[Any], expected: list[Any]) -> None:
    assert len(found) == len(expected)
    for (before, action, after), (before_, action_, after_) in zip(found, expected, strict=True):
        assert torch.equal(action, action_)
        assert action.dtype == action_.dtype
        for one, other in ((before, before_), (after, after_)):
            assert one.keys() == other.keys()
            for name in one:
                assert one[name].dtype == other[name].dtype, name
                assert torch.equal(one[name], other[name]), name


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    num_envs=st.sampled_from([None, 1, 3]),
    stack_size=st.sampled_from([1, 2, 4]),
    ending=st.sampled_from([0.0, 0.1, 0.5]),
    parts=st.booleans(),
    broken=st.sampled_from([0.0, 0.1]),
    capacity=st.integers(3, 30),
    number=st.integers(1, 60),
)
def test_replay_holds_what_a_naive_buffer_holds(
    seed, num_envs, stack_size, ending, parts, broken, capacity, number
):
    buffer = ExperienceReplayBuffer(capacity)
    naive = Naive(capacity, num_envs or 1, stack_size)
    stored = 0
    for state, action, next_state in steps(Play(seed, num_envs, stack_size, ending, parts), number, broken):
        buffer.store(state, action, next_state)
        naive.store(state, action, next_state)
        if state is not None:
            stored += int((~torch.as_tensor(state.done)).sum())
        assert len(buffer) == len(naive.transitions())
    assert buffer.stored == stored
    assert_same(content(buffer), naive.transitions())


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    num_envs=st.sampled_from([None, 3]),
    stack_size=st.sampled_from([1, 4]),
    number=st.integers(2, 60),
)
def test_samples_are_transitions_of_the_naive_buffer(seed, num_envs, stack_size, number):
    buffer, naive = ExperienceReplayBuffer(20), Naive(20, num_envs or 1, stack_size)
    for step in steps(Play(seed, num_envs, stack_size, 0.3, parts=True), number, 0.05):
        buffer.store(*step)
        naive.store(*step)
    if not len(buffer):
        return
    states, actions, rewards, next_states, weights = buffer.sample(50)
    assert torch.equal(weights, torch.ones(50))
    assert torch.equal(rewards, next_states.reward)
    expected = {fingerprint(*transition) for transition in naive.transitions()}
    for before, action, after in zip(
        entries_by_env(states), actions, entries_by_env(next_states), strict=True
    ):
        assert fingerprint(before, action, after) in expected


def fingerprint(
    before: dict[str, torch.Tensor], action: torch.Tensor, after: dict[str, torch.Tensor]
) -> bytes:
    values = [*(before[name] for name in sorted(before)), action, *(after[name] for name in sorted(after))]
    return b"".join(value.contiguous().numpy().tobytes() for value in values)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    num_envs=st.sampled_from([None, 1, 3]),
    stack_size=st.sampled_from([1, 4]),
    before=st.integers(1, 40),
    after=st.integers(0, 40),
)
def test_a_buffer_loaded_from_another_goes_on_exactly(seed, num_envs, stack_size, before, after):
    play = Play(seed, num_envs, stack_size, 0.2, parts=True)
    original, loaded = ExperienceReplayBuffer(12), ExperienceReplayBuffer(12)
    state, action = None, None
    for step in range(before + after):
        next_state = play.state()
        original.store(state, action, next_state)
        if step >= before:
            # the agent that goes on has a state of its own, which only equals the one stored last
            loaded.store(
                state.update("reward", state.reward) if step == before else state, action, next_state
            )
        state, action = next_state, play.action()
        if step + 1 == before:
            loaded.load_state_dict(copy.deepcopy(original.state_dict()))
    assert (len(loaded), loaded.stored) == (len(original), original.stored)
    assert_same(content(loaded), content(original))
    if len(original):
        assert torch.equal(loaded.sample(20)[1], original.sample(20)[1])


def test_a_full_buffer_without_episode_ends_holds_exactly_its_capacity():
    for num_envs, capacity, held in ((None, 7, 7), (3, 12, 12), (3, 14, 12)):
        buffer = ExperienceReplayBuffer(capacity)
        for step in steps(Play(0, num_envs, 4, 0.0, parts=False), 40, 0.0):
            buffer.store(*step)
        assert len(buffer) == held


@pytest.mark.gpu
@pytest.mark.parametrize(("device", "store_device"), [("cuda", "cpu"), ("cuda", "cuda"), ("cpu", "cuda")])
def test_a_buffer_on_another_device_gives_the_same_samples(device, store_device):
    play, other = Play(0, 3, 4, 0.2, parts=True), Play(0, 3, 4, 0.2, parts=True)
    here = ExperienceReplayBuffer(30, generator=torch.Generator().manual_seed(0))
    there = ExperienceReplayBuffer(30, device, store_device, generator=torch.Generator().manual_seed(0))
    for step, same in zip(steps(play, 40, 0.1), steps(other, 40, 0.1), strict=True):
        here.store(*step)
        there.store(*same)
    (states, actions, _, after, _), (states_, actions_, _, after_, weights) = (
        here.sample(32),
        there.sample(32),
    )
    assert states_.device.type == actions_.device.type == weights.device.type == device
    for mine, found in ((states, states_), (after, after_)):
        for name in mine.keys():  # noqa: SIM118 - iterating over an array gives its states
            assert torch.equal(mine[name], found[name].cpu())
    assert torch.equal(actions, actions_.cpu())
