"""Rollouts hold what was stored, whatever was stored, and hand it out in the shapes that agents learn from."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

from allcore.approximation import VNetwork
from allcore.checkpoint import load_state, save_state
from allcore.core import StackedFrames, StateArray
from allcore.errors import CheckpointError, UsageError
from allcore.memory import (
    GeneralizedAdvantageBuffer,
    NStepAdvantageBuffer,
    RolloutBuffer,
    advantage_batch,
    generalized_advantages,
    n_step_returns,
)


class Play:
    """Random states of E environments whose tensors are written to again at every tick, which shows what is not copied."""

    def __init__(self, seed: int, envs: int, kind: str, ending: float = 0.3) -> None:
        self.rng = np.random.default_rng(seed)
        self.envs, self.kind, self.ending = envs, kind, ending
        self.done = np.zeros(envs, dtype=bool)
        self.frames = [torch.zeros((envs, 1, 2, 2), dtype=torch.uint8) for _ in range(3)]
        self.pose = torch.zeros((envs, 5), dtype=torch.float64)
        self.values = {
            "reward": torch.zeros(envs),
            "done": torch.zeros(envs, dtype=torch.bool),
            "mask": torch.zeros(envs),
            "lives": torch.zeros(envs, dtype=torch.int64),
        }

    def states(self) -> StateArray:
        for frame in self.frames:
            frame.copy_(torch.from_numpy(self.rng.integers(0, 256, frame.shape, dtype=np.uint8)))
        self.pose.copy_(torch.from_numpy(self.rng.normal(size=self.pose.shape)))
        first = self.done
        self.done = ~first & (self.rng.random(self.envs) < self.ending)
        mask = 1.0 - ((self.done & (self.rng.random(self.envs) < 0.5)) | (self.rng.random(self.envs) < 0.1))
        # an environment that does not even care to give a first state no reward
        entries = (self.rng.normal(size=self.envs), self.done, mask, self.rng.integers(0, 5, self.envs))
        for tensor, entry in zip(self.values.values(), entries, strict=True):
            tensor.copy_(torch.from_numpy(np.asarray(entry)))
        return StateArray({**self.observation(), **self.values}, (self.envs,))

    def observation(self):
        stack = StackedFrames(tuple(self.frames))
        if self.kind == "vector":
            return {"observation": self.pose}
        if self.kind == "stack":
            return {"observation": stack}
        return {"observation.image": stack, "observation.pose": self.pose}

    def actions(self) -> torch.Tensor:
        return torch.from_numpy(self.rng.integers(0, 9, self.envs))

    def log_probs(self) -> torch.Tensor:
        return torch.from_numpy(self.rng.normal(size=(self.envs, 2)))


def copied(states: StateArray) -> dict[str, torch.Tensor]:
    return {name: states[name].clone() for name in states.keys()}  # noqa: SIM118


def simple(number: float, envs: int = 2, done: bool = False, mask: float = 1.0) -> StateArray:
    return StateArray(
        {
            "observation": torch.full((envs, 1), float(number)),
            "reward": torch.full((envs,), float(number)),
            "done": torch.full((envs,), done),
            "mask": torch.full((envs,), mask),
        },
        (envs,),
    )


def filled(buffer: RolloutBuffer, play: Play) -> RolloutBuffer:
    while not buffer.full:
        buffer.store(play.states(), play.actions(), log_probs=play.log_probs())
    return buffer


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(1, 6),
    envs=st.integers(1, 3),
    kind=st.sampled_from(["vector", "stack", "parts"]),
    ending=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_a_rollout_holds_what_a_list_would_hold(seed, steps, envs, kind, ending):
    play, buffer = Play(seed, envs, kind, ending), RolloutBuffer(steps)
    states = play.states()
    for _ in range(3):
        ticks = []
        while not buffer.full:
            assert len(buffer) == len(ticks)
            actions, log_probs = play.actions(), play.log_probs()
            ticks.append((copied(states), actions.clone(), log_probs.clone()))
            buffer.store(states, actions, log_probs=log_probs)
            states = play.states()
        ticks.append((copied(states), None, None))
        rollout = buffer.rollout(states)
        assert (len(buffer), buffer.full) == (0, False)
        assert_holds(rollout, ticks)


def assert_holds(rollout, ticks):
    entries = {name: torch.stack([tick[0][name] for tick in ticks]) for name in ticks[0][0]}
    dones = entries["done"]
    ones = torch.ones(dones.shape)
    for states, rows in (
        (rollout.states, slice(None, -1)),
        (rollout.last_states, -1),
        (rollout.all_states, slice(None)),
    ):
        assert states.keys() == list(entries)
        for name, entry in entries.items():
            expected = (ones if name == "mask" else entry)[rows]
            assert states[name].dtype == expected.dtype
            assert torch.equal(states[name], expected), name
    assert torch.equal(rollout.rewards, entries["reward"][1:] * (~dones[:-1]))
    assert torch.equal(rollout.next_masks, entries["mask"][1:])
    assert torch.equal(rollout.next_dones, dones[1:])
    assert torch.equal(rollout.weights, (~dones[:-1]).float())
    assert torch.equal(rollout.actions, torch.stack([tick[1] for tick in ticks[:-1]]))
    assert rollout.extras.keys() == {"log_probs"}
    assert torch.equal(rollout.extras["log_probs"], torch.stack([tick[2] for tick in ticks[:-1]]))


@pytest.mark.parametrize("garbage", [math.nan, math.inf, 1e38])
def test_the_reward_of_a_reset_tick_is_nothing_whatever_stands_there(garbage):
    buffer = RolloutBuffer(2)
    buffer.store(simple(0, done=True), torch.zeros(2))
    buffer.store(simple(0).update("reward", torch.full((2,), garbage)), torch.zeros(2))
    rollout = buffer.rollout(simple(7))
    assert rollout.rewards.tolist() == [[0, 0], [7, 7]]
    assert rollout.weights.tolist() == [[0, 0], [1, 1]]


def test_a_life_lost_changes_what_leads_there_and_not_what_starts_there():
    buffer = RolloutBuffer(2)
    buffer.store(simple(0), torch.zeros(2))
    buffer.store(simple(1, mask=0.0), torch.zeros(2))
    rollout = buffer.rollout(simple(2, mask=0.0))
    assert rollout.next_masks.tolist() == [[0, 0], [0, 0]]
    assert rollout.weights.tolist() == [[1, 1], [1, 1]]
    for states in (rollout.states, rollout.last_states, rollout.all_states):
        assert states.mask.min() == 1
    assert rollout.all_states.apply(lambda x: x, "observation").flatten().tolist() == [0, 0, 1, 1, 2, 2]


def test_memory_is_taken_once():
    play, buffer = Play(0, 2, "parts"), RolloutBuffer(3)
    first = filled(buffer, play).rollout(play.states())
    second = filled(buffer, play).rollout(play.states())
    for one, other in (
        (first.states["observation.image"], second.states["observation.image"]),
        (first.actions, second.actions),
        (first.extras["log_probs"], second.extras["log_probs"]),
        (first.next_masks, second.next_masks),
    ):
        assert one.data_ptr() == other.data_ptr()


def test_no_gradients_are_kept():
    buffer, weight = RolloutBuffer(1), torch.ones(2, requires_grad=True)
    buffer.store(simple(0), weight * 2, log_probs=weight * 3)
    rollout = buffer.rollout(simple(1))
    assert not rollout.actions.requires_grad
    assert not rollout.extras["log_probs"].requires_grad


def test_the_flat_rollout_has_one_row_for_each_step_and_environment():
    play, buffer = Play(0, 3, "parts"), RolloutBuffer(4)
    rollout = filled(buffer, play).rollout(play.states())
    flat = rollout.flatten()
    assert flat.states.shape == (12,)
    for step in range(4):
        for env in range(3):
            row = 3 * step + env
            assert torch.equal(
                flat.states["observation.pose"][row], rollout.states["observation.pose"][step, env]
            )
            for name in ("actions", "rewards", "next_masks", "next_dones", "weights"):
                assert getattr(flat, name)[row] == getattr(rollout, name)[step, env]
            assert torch.equal(flat.extras["log_probs"][row], rollout.extras["log_probs"][step, env])
    assert flat.actions.data_ptr() == rollout.actions.data_ptr()  # nothing is copied
    assert flat.values_shape == rollout.values_shape == (5, 3)


def test_values_of_all_states_come_from_one_call_and_are_not_masked():
    calls = []

    def v(states):
        calls.append(states.shape)
        return states.apply(lambda x: x.squeeze(-1), "observation")

    buffer = RolloutBuffer(2)
    buffer.store(simple(1, mask=0.0), torch.zeros(2))
    buffer.store(simple(2), torch.zeros(2))
    values = buffer.rollout(simple(3, done=True, mask=0.0)).values(v)
    assert values.tolist() == [[1, 1], [2, 2], [3, 3]]
    assert calls == [(6,)]


# ---- minibatches


@pytest.mark.parametrize(("num", "size"), [(1, 12), (3, 4), (5, 2), (12, 1)])
def test_minibatches_are_of_one_size_and_have_no_row_twice(num, size):
    play, buffer = Play(0, 3, "vector"), RolloutBuffer(4)
    rollout = filled(buffer, play).rollout(play.states())
    rows = list(rollout.minibatches(num, torch.Generator().manual_seed(0)))
    assert [len(batch) for batch in rows] == [size] * num
    together = torch.cat(rows).tolist()
    assert len(set(together)) == len(together) == num * size
    assert set(together) <= set(range(12))
    assert len(list(rollout.flatten().minibatches(num, torch.Generator()))) == num


def test_the_generator_alone_decides_the_order_and_every_row_gets_its_turn():
    play, buffer = Play(0, 3, "vector"), RolloutBuffer(4)
    rollout = filled(buffer, play).rollout(play.states())
    orders = [
        torch.cat(list(rollout.minibatches(5, generator))).tolist()
        for generator in (torch.Generator().manual_seed(1), torch.Generator().manual_seed(1))
    ]
    assert orders[0] == orders[1] != sorted(orders[0])
    generator = torch.Generator().manual_seed(2)
    seen = torch.zeros(12)
    for _ in range(600):
        seen[torch.cat(list(rollout.minibatches(5, generator)))] += 1
    assert seen.sum() == 6000
    # 500 expected for each, with a standard deviation of 600 * 10/12 * 2/12 = 9.1 squared
    assert (seen - 500).abs().max() < 46


@pytest.mark.parametrize("num", [0, 13])
def test_more_minibatches_than_rows(num):
    play, buffer = Play(0, 3, "vector"), RolloutBuffer(4)
    rollout = filled(buffer, play).rollout(play.states())
    with pytest.raises(UsageError, match=f"12 rows cannot be split into {num} minibatches"):
        rollout.minibatches(num, torch.Generator())


# ---- going on later


@pytest.mark.parametrize("kind", ["vector", "stack", "parts"])
@pytest.mark.parametrize("before", range(9))
def test_a_buffer_saved_and_loaded_goes_on_to_the_bit(tmp_path, kind, before):
    play, other = Play(1, 2, kind), Play(1, 2, kind)
    original, loaded = RolloutBuffer(4), RolloutBuffer(4)
    for tick in range(20):
        if tick == before:
            save_state(tmp_path / "state", original.state_dict())
            loaded.load_state_dict(load_state(tmp_path / "state"))
            other = copy.deepcopy(play)
        buffers = [(original, play), (loaded, other)] if tick >= before else [(original, play)]
        rollouts = []
        for buffer, source in buffers:
            states = source.states()
            if buffer.full:
                rollouts.append(buffer.rollout(states))
            buffer.store(states, source.actions(), log_probs=source.log_probs())
        assert len(loaded) == len(original) or tick < before
        if len(rollouts) == 2:
            assert_equal(*rollouts)


def assert_equal(one, other):
    for states, same in ((one.all_states, other.all_states), (one.last_states, other.last_states)):
        assert states.keys() == same.keys()
        assert all(torch.equal(states[name], same[name]) for name in states.keys())  # noqa: SIM118
    for name in ("actions", "rewards", "next_masks", "next_dones", "weights"):
        assert torch.equal(getattr(one, name), getattr(other, name))
    assert torch.equal(one.extras["log_probs"], other.extras["log_probs"])


def test_an_older_state_can_be_loaded_into_a_buffer_in_use():
    play, buffer = Play(1, 2, "parts"), RolloutBuffer(3)
    buffer.store(play.states(), play.actions(), log_probs=play.log_probs())
    saved, later = copy.deepcopy(buffer.state_dict()), copy.deepcopy(play)
    one = copy.deepcopy(filled(buffer, play).rollout(play.states()))
    filled(buffer, play)
    buffer.load_state_dict(saved)
    assert_equal(one, filled(buffer, later).rollout(later.states()))
    buffer.load_state_dict(RolloutBuffer(3).state_dict())
    assert len(buffer) == 0


def test_what_does_not_fit_is_refused():
    saved = RolloutBuffer(3).state_dict()
    with pytest.raises(CheckpointError, match="rollouts of 3 steps cannot be loaded into a buffer of 4"):
        RolloutBuffer(4).load_state_dict(saved)
    one, other = RolloutBuffer(3), RolloutBuffer(3)
    one.store(simple(0), torch.zeros(2))
    for states, extras in (
        (simple(0, envs=3), {}),
        (simple(0).update("observation", torch.zeros(2, 2)), {}),
        (simple(0).update("more", torch.zeros(2)), {}),
        (simple(0), {"log_probs": torch.zeros(2)}),
    ):
        other = RolloutBuffer(3)
        other.store(states, torch.zeros(states.shape), **extras)
        with pytest.raises(CheckpointError, match="states of another kind"):
            other.load_state_dict(one.state_dict())


# ---- errors


def test_too_many_steps_and_too_few():
    buffer = RolloutBuffer(2)
    with pytest.raises(UsageError, match="2 steps, but only 0"):
        buffer.rollout(simple(0))
    buffer.store(simple(0), torch.zeros(2))
    with pytest.raises(UsageError, match="2 steps, but only 1"):
        buffer.rollout(simple(1))
    buffer.store(simple(1), torch.zeros(2))
    with pytest.raises(UsageError, match="full"):
        buffer.store(simple(2), torch.zeros(2))
    assert buffer.rollout(simple(2)).rewards.tolist() == [[1, 1], [2, 2]]
    with pytest.raises(UsageError, match="0 steps"):
        RolloutBuffer(0)


@pytest.mark.parametrize(
    ("states", "actions", "extras", "message"),
    [
        (
            simple(0, envs=3),
            torch.zeros(3),
            {"p": torch.zeros(3)},
            "'observation' cannot be stored in this buffer",
        ),
        (
            simple(0).update("more", torch.zeros(2)),
            torch.zeros(2),
            {"p": torch.zeros(2)},
            "only one of them has more",
        ),
        (simple(0), torch.zeros(2, 1), {"p": torch.zeros(2)}, "'action' cannot be stored"),
        (simple(0), torch.zeros(2), {}, "nothing cannot be stored .* begun with p"),
        (simple(0), torch.zeros(2), {"p": torch.zeros(2), "q": torch.zeros(2)}, "only one of them has q"),
        (simple(0), torch.zeros(2), {"p": torch.zeros(1)}, "'p' cannot be stored"),
    ],
)
def test_every_tick_is_like_the_first_and_a_refused_one_leaves_no_trace(states, actions, extras, message):
    buffer = RolloutBuffer(2)
    buffer.store(simple(5), torch.zeros(2), p=torch.zeros(2))
    with pytest.raises(UsageError, match=message):
        buffer.store(states, actions, **extras)
    assert len(buffer) == 1
    buffer.store(simple(6), torch.zeros(2), p=torch.ones(2))
    assert buffer.rollout(simple(7)).states.observation.flatten().tolist() == [5, 5, 6, 6]


def test_an_environment_alone_is_an_array_of_one():
    with pytest.raises(UsageError, match=r"not states of shape \(2, 1\)"):
        RolloutBuffer(2).store(simple(0).view(2, 1), torch.zeros(2, 1))
    with pytest.raises(UsageError, match="even for one environment"):
        RolloutBuffer(2).store(simple(0)[0], torch.zeros(()))


# ---- with advantages


def v_network():
    model = nn.Linear(5, 1).double()
    with torch.no_grad():
        model.weight.copy_(torch.arange(5) / 5)
        model.bias.fill_(0.5)
    return VNetwork(model)


@pytest.mark.parametrize("cls", [NStepAdvantageBuffer, GeneralizedAdvantageBuffer])
def test_advantages_are_those_of_the_functions_in_flat_rows(cls):
    v = v_network()
    play, same = Play(4, 3, "vector"), Play(4, 3, "vector")
    options = {"lam": 0.8} if cls is GeneralizedAdvantageBuffer else {}
    buffer = filled(cls(v, 5, 0.9, **options), play)
    batch = buffer.advantages(play.states())
    rollout = filled(RolloutBuffer(5), same).rollout(same.states())
    values = torch.stack([v.no_grad(states) for states in rollout.all_states])
    arguments = (rollout.rewards, values, rollout.next_masks, rollout.next_dones, 0.9)
    if cls is NStepAdvantageBuffer:
        returns = n_step_returns(*arguments)
        advantages = returns - values[:-1]
    else:
        advantages = generalized_advantages(*arguments, 0.8)
        returns = advantages + values[:-1]
    counts = rollout.weights.flatten() > 0
    assert 0 < counts.sum() < len(counts) == len(batch) == 15
    assert torch.equal(batch.weights, rollout.weights.flatten())
    torch.testing.assert_close(batch.advantages[counts], advantages.flatten()[counts])
    torch.testing.assert_close(batch.returns[counts], returns.flatten()[counts])
    torch.testing.assert_close(batch.values, values[:-1].flatten())
    assert not batch.advantages[~counts].any()
    assert torch.equal(batch.returns[~counts], batch.values[~counts])
    assert torch.equal(batch.states.observation, rollout.states.observation.flatten(0, 1))
    assert torch.equal(batch.actions, rollout.actions.flatten())
    assert torch.equal(batch.extras["log_probs"], rollout.extras["log_probs"].flatten(0, 1))
    assert not batch.advantages.requires_grad
    assert not batch.values.requires_grad


@pytest.mark.parametrize("garbage", [math.nan, math.inf, 5.0])
def test_rows_that_are_no_step_have_no_advantage_and_their_own_value_as_return(garbage):
    buffer = RolloutBuffer(2)
    buffer.store(simple(0, done=True), torch.zeros(2))
    buffer.store(simple(1), torch.zeros(2))
    rollout = buffer.rollout(simple(2))
    values = torch.tensor([[3.0, 4.0], [5.0, 6.0], [garbage, garbage]])
    batch = advantage_batch(rollout, values, torch.tensor([[garbage, garbage], [1.0, -1.0]]))
    assert batch.weights.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert batch.advantages.tolist() == [0.0, 0.0, 1.0, -1.0]
    assert batch.values.tolist() == [3.0, 4.0, 5.0, 6.0]
    assert batch.returns.tolist() == [3.0, 4.0, 6.0, 5.0]
    for wrong in ((values[:-1], torch.zeros(2, 2)), (values, torch.zeros(2, 1)), (values, values)):
        with pytest.raises(UsageError, match="not those of a rollout"):
            advantage_batch(rollout, *wrong)


def test_minibatches_of_advantages_keep_rows_together():
    buffer = GeneralizedAdvantageBuffer(lambda s: s.observation.squeeze(-1), 3, 0.5, 0.5)
    for tick in range(3):
        numbers = torch.arange(2) + 2 * tick
        buffer.store(
            simple(0).update("observation", numbers.float().unsqueeze(-1)), numbers, log_probs=10 * numbers
        )
    batch = buffer.advantages(simple(9))
    seen = []
    for rows in batch.minibatches(3, torch.Generator().manual_seed(3)):
        part = batch[rows]
        assert len(part) == 2
        numbers = part.actions
        seen += numbers.tolist()
        assert torch.equal(part.states.observation.squeeze(-1), numbers.float())
        assert torch.equal(part.values, numbers.float())
        assert torch.equal(part.extras["log_probs"], 10 * numbers)
        assert torch.equal(part.advantages, batch.advantages[numbers])
        assert torch.equal(part.returns, batch.returns[numbers])
        assert torch.equal(part.weights, batch.weights[numbers])
    assert sorted(seen) == list(range(6))


def test_an_advantage_buffer_goes_on_where_it_was_saved():
    play = Play(2, 2, "vector")
    original, loaded = (GeneralizedAdvantageBuffer(v_network(), 4, 0.9, 0.8) for _ in range(2))
    original.store(play.states(), play.actions(), log_probs=play.log_probs())
    loaded.load_state_dict(copy.deepcopy(original.state_dict()))
    other = copy.deepcopy(play)
    one = filled(original, play).advantages(play.states())
    same = filled(loaded, other).advantages(other.states())
    assert torch.equal(one.advantages, same.advantages)
    assert torch.equal(one.returns, same.returns)


@pytest.mark.gpu
def test_a_rollout_on_another_device_than_the_environments():
    play, same = Play(4, 3, "parts"), Play(4, 3, "parts")
    here = filled(RolloutBuffer(5), play).rollout(play.states())
    there = filled(RolloutBuffer(5, "cuda"), same).rollout(same.states())
    assert there.states.device.type == there.weights.device.type == there.rewards.device.type == "cuda"
    for name in ("actions", "rewards", "next_masks", "next_dones", "weights"):
        assert torch.equal(getattr(there, name).cpu(), getattr(here, name))
    for name in here.all_states.keys():  # noqa: SIM118
        assert torch.equal(there.all_states[name].cpu(), here.all_states[name])
    (rows,) = there.minibatches(1, torch.Generator())
    assert rows.device.type == "cuda"
