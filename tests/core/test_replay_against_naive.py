"""Replay holds, byte for byte, what a buffer of whole steps would hold, and gives the transitions that it would give."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from allcore.core import StackedFrames, State, StateArray
from allcore.memory import ExperienceReplayBuffer, NStepReplayBuffer, PrioritizedReplayBuffer

FRAME = (2, 3, 2)  # channels, height, width


class Naive:
    """Keeps every step whole, for `capacity // E` rows, and walks along them to make transitions of up to n steps."""

    def __init__(
        self, capacity: int, num_envs: int, stack_size: int, n_steps: int = 1, discount_factor: float = 1.0
    ) -> None:
        self.span, self.stack_size = capacity // num_envs, stack_size
        self.n_steps, self.discount_factor = n_steps, discount_factor
        self.rows: list[Row] = []
        self.newest: State | None = None

    def store(self, state: State | None, action: Any, next_state: State) -> None:
        if state is None or state is not self.newest:
            # a beginning costs a row for the state and one for each older frame of its stack
            self.rows += [Row([], follows=False) for _ in range(self.stack_size - 1)]
            self.rows.append(Row(entries_by_env(next_state if state is None else state), follows=False))
        if state is not None:
            self.rows[-1].actions = [action] if not state.shape else list(action)
            self.rows.append(Row(entries_by_env(next_state), follows=True))
        self.newest = next_state

    def transitions(self) -> list[Any]:
        found = []
        for row in range(max(0, len(self.rows) - 1 - self.span), len(self.rows) - 1):
            for env, action in enumerate(self.rows[row].actions):
                transition = self.transition(row, env, torch.as_tensor(action))
                found += [] if transition is None else [transition]
        return found

    def transition(self, row: int, env: int, action: torch.Tensor) -> Any:
        first = dict(self.rows[row].envs[env])
        if first["done"]:
            return None
        first["mask"] = torch.tensor(1.0)  # an action was taken in it, so it is a state like any other
        reward, steps = torch.tensor(0.0, dtype=torch.float64), 0
        while True:
            if row + steps + 1 == len(self.rows):
                return None  # not known yet
            if not self.rows[row + steps + 1].follows:
                break
            steps += 1
            after = self.rows[row + steps].envs[env]
            reward += self.discount_factor ** (steps - 1) * after["reward"].double()
            if steps == self.n_steps or after["done"] or after["mask"] == 0:
                break
        return first, action, reward, {**after, "steps": torch.tensor(float(steps))}


@dataclass
class Row:
    """One state of every environment, the actions taken in them, and whether it follows the row before."""

    envs: list[dict[str, torch.Tensor]]
    follows: bool
    actions: list[Any] = field(default_factory=list)


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


def content(buffer: Any) -> list[Any]:
    """All transitions of the buffer, the oldest first."""
    buffer = buffer.buffer if isinstance(buffer, NStepReplayBuffer) else buffer
    places = buffer.ring.drawable_places()
    if not len(places):
        return []
    states, actions, rewards, next_states = buffer.ring.transitions(places, buffer.device)
    before, after = entries_by_env(states), entries_by_env(next_states)
    return list(zip(before, actions, rewards, after, strict=True))


def assert_same(found: list[Any], expected: list[Any]) -> None:
    assert len(found) == len(expected)
    for (before, action, reward, after), (before_, action_, reward_, after_) in zip(
        found, expected, strict=True
    ):
        assert torch.equal(action, action_)
        assert action.dtype == action_.dtype
        assert reward.dtype == after["reward"].dtype == torch.float32
        torch.testing.assert_close(reward.double(), reward_.double(), rtol=1e-6, atol=1e-6)
        for one, other in ((before, before_), (after, after_)):
            assert one.keys() == other.keys()
            for name in one:
                assert one[name].dtype == other[name].dtype, name
                assert torch.equal(one[name], other[name]), name


KINDS = {"uniform": ExperienceReplayBuffer, "prioritized": PrioritizedReplayBuffer}


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(sorted(KINDS)),
    n_steps=st.sampled_from([1, 1, 2, 3, 5]),
    num_envs=st.sampled_from([None, 1, 3]),
    stack_size=st.sampled_from([1, 2, 4]),
    ending=st.sampled_from([0.0, 0.1, 0.5]),
    parts=st.booleans(),
    broken=st.sampled_from([0.0, 0.1]),
    capacity=st.integers(3, 30),
    number=st.integers(1, 60),
)
def test_replay_holds_what_a_naive_buffer_holds(
    seed, kind, n_steps, num_envs, stack_size, ending, parts, broken, capacity, number
):
    n_steps = min(n_steps, capacity // (num_envs or 1))
    buffer = KINDS[kind](capacity)
    if n_steps > 1:
        buffer = NStepReplayBuffer(n_steps, 0.9, buffer)
    naive = Naive(capacity, num_envs or 1, stack_size, n_steps, 0.9)
    stored = 0
    for state, action, next_state in steps(Play(seed, num_envs, stack_size, ending, parts), number, broken):
        buffer.store(state, action, next_state)
        naive.store(state, action, next_state)
        if state is not None:
            stored += int((~torch.as_tensor(state.done)).sum())
        assert len(buffer) == len(naive.transitions())
    assert buffer.stored == stored
    assert_same(content(buffer), naive.transitions())


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(sorted(KINDS)),
    n_steps=st.sampled_from([1, 3]),
    num_envs=st.sampled_from([None, 3]),
    stack_size=st.sampled_from([1, 4]),
    number=st.integers(2, 60),
)
def test_samples_are_transitions_of_the_naive_buffer(seed, kind, n_steps, num_envs, stack_size, number):
    buffer = NStepReplayBuffer(n_steps, 0.9, KINDS[kind](20))
    naive = Naive(20, num_envs or 1, stack_size, n_steps, 0.9)
    for step in steps(Play(seed, num_envs, stack_size, 0.3, parts=True), number, 0.05):
        buffer.store(*step)
        naive.store(*step)
    if not len(buffer):
        return
    states, actions, rewards, next_states, weights = buffer.sample(50)
    assert torch.equal(weights, torch.ones(50))
    expected = {
        fingerprint(before, action, after): reward for before, action, reward, after in naive.transitions()
    }
    for before, action, reward, after in zip(
        entries_by_env(states), actions, rewards, entries_by_env(next_states), strict=True
    ):
        assert reward.item() == pytest.approx(expected[fingerprint(before, action, after)].item(), abs=1e-6)


def fingerprint(
    before: dict[str, torch.Tensor], action: torch.Tensor, after: dict[str, torch.Tensor]
) -> bytes:
    values = [*(before[name] for name in sorted(before)), action, *(after[name] for name in sorted(after))]
    return b"".join(value.contiguous().numpy().tobytes() for value in values)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(sorted(KINDS)),
    n_steps=st.sampled_from([1, 3]),
    num_envs=st.sampled_from([None, 1, 3]),
    stack_size=st.sampled_from([1, 4]),
    before=st.integers(1, 40),
    after=st.integers(0, 40),
)
def test_a_buffer_loaded_from_another_goes_on_exactly(
    seed, kind, n_steps, num_envs, stack_size, before, after
):
    play = Play(seed, num_envs, stack_size, 0.2, parts=True)
    original, loaded = (NStepReplayBuffer(n_steps, 0.9, KINDS[kind](12)) for _ in range(2))
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
        for _ in range(3):
            first, second = loaded.sample(20), original.sample(20)
            assert torch.equal(first[1], second[1])
            assert torch.equal(first[4], second[4])
            for buffer in (loaded, original):
                buffer.update_priorities(first[2].abs())


def test_a_full_buffer_without_episode_ends_holds_exactly_its_capacity():
    for num_envs, capacity, held in ((None, 7, 7), (3, 12, 12), (3, 14, 12)):
        buffer = ExperienceReplayBuffer(capacity)
        for step in steps(Play(0, num_envs, 4, 0.0, parts=False), 40, 0.0):
            buffer.store(*step)
        assert len(buffer) == held
