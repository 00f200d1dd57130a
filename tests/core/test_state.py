"""States: entries, batches, masks, stacks of frames."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, strategies as st

from allcore.core import MultiagentState, StackedFrames, State, StateArray


def _state(number: int, **more: object) -> State:
    return State({"observation": torch.full((2,), float(number)), "reward": float(number), **more})


def test_missing_entries_have_their_defaults() -> None:
    state = State({"observation": torch.zeros(2)})
    assert (state.reward, state.done, state.mask) == (0.0, False, 1.0)
    assert State({"observation": torch.zeros(2), "done": True}).mask == 0.0
    array = StateArray({"observation": torch.zeros(3, 2), "done": torch.tensor([True, False, True])}, (3,))
    assert array.mask.tolist() == [0.0, 1.0, 0.0]
    assert array.reward.tolist() == [0.0, 0.0, 0.0]


def test_update_gives_a_new_state() -> None:
    state = _state(1)
    changed = state.update("reward", 5.0)
    assert (state.reward, changed.reward) == (1.0, 5.0)
    assert changed.observation is state.observation


@given(numbers=st.lists(st.integers(-100, 100), min_size=1, max_size=6), data=st.data())
def test_stacking_and_taking_apart_are_inverse(numbers: list[int], data: st.DataObject) -> None:
    states = [
        _state(
            number,
            done=number % 2 == 0,
            mask=float(number % 3 == 0),
            pixels=torch.tensor([number % 256]).byte(),
        )
        for number in numbers
    ]
    array = State.array(states)
    assert array.shape == (len(numbers),)
    assert (array.observation.dtype, array["pixels"].dtype, array.done.dtype) == (
        torch.float32,
        torch.uint8,
        torch.bool,
    )
    index = data.draw(st.integers(0, len(numbers) - 1))
    one = array[index]
    assert type(one) is State
    assert one.observation.tolist() == states[index].observation.tolist()
    assert (one.reward, one.done, one.mask) == (states[index].reward, states[index].done, states[index].mask)
    assert [state.reward for state in array] == [float(number) for number in numbers]
    chosen = torch.tensor(data.draw(st.lists(st.booleans(), min_size=len(numbers), max_size=len(numbers))))
    assert array[chosen].reward.tolist() == [
        float(n) for n, keep in zip(numbers, chosen.tolist(), strict=True) if keep
    ]
    assert (
        StateArray.cat([array[:1], array[1:]]).reward.tolist() == array.reward.tolist()
        if len(array) > 1
        else True
    )


def test_time_and_environments_flatten_to_a_batch_and_back() -> None:
    ticks = [State.array([_state(10 * tick + env) for env in range(3)]) for tick in range(2)]
    array = State.array(ticks)
    assert array.shape == (2, 3)
    assert array.flatten().reward.tolist() == [0, 1, 2, 10, 11, 12]
    assert array.view(3, -1).shape == (3, 2)
    assert array[1, 2].reward == 12.0
    sums = array.apply(lambda x: x.sum(dim=1), "observation")
    assert sums.tolist() == [[0, 2, 4], [20, 22, 24]]


def test_a_key_that_only_some_states_have_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="only one of them has lives"):
        State.array([_state(1, lives=3), _state(2)])
    with pytest.raises(ValueError, match="lives"):
        StateArray.cat([State.array([_state(1)]), State.array([_state(2, lives=3)])])
    with pytest.raises(ValueError, match="no states"):
        State.array([])


def test_apply_masks_and_apply_unmasked_does_not() -> None:
    array = State.array([_state(3), _state(4, done=True), _state(5, mask=0.0)])
    model = torch.nn.Identity()
    assert array.apply(model, "observation").tolist() == [[3, 3], [0, 0], [0, 0]]
    assert array.apply_unmasked(model, "observation").tolist() == [[3, 3], [4, 4], [5, 5]]
    assert _state(4, done=True).apply(model, "observation").tolist() == [0, 0]
    assert _state(4).apply(lambda x: x.sum(1), "observation").item() == 8.0


def test_observations_of_several_parts_are_flat_entries_and_one_dict() -> None:
    state = State({"observation.image": torch.zeros(1, 2, 2), "observation.pose": torch.ones(3)})
    assert set(state.observation) == {"image", "pose"}
    array = State.array([state, state])
    assert array.as_input("observation")["pose"].shape == (2, 3)
    assert array.apply(lambda parts: parts["pose"].sum(1), "observation").tolist() == [3.0, 3.0]
    single = state.update("observation", torch.zeros(4))
    assert single.keys() == ["reward", "done", "mask", "observation"]
    assert set(single.update("observation", {"a": torch.zeros(1)}).observation) == {"a"}


def test_a_stack_of_frames_reads_as_one_tensor_and_knows_its_newest() -> None:
    frames = tuple(torch.full((1, 2, 2), index, dtype=torch.uint8) for index in range(4))
    state = State({"observation": StackedFrames(frames)})
    assert state.observation.shape == (4, 2, 2)
    assert state.observation[:, 0, 0].tolist() == [0, 1, 2, 3]
    newest, size = state.frames("observation")
    assert newest is frames[-1]
    assert size == 4
    assert state.update("reward", 1.0).frames("observation")[1] == 4
    assert State.array([state, state]).observation.shape == (2, 4, 2, 2)


def test_batches_are_executed_piece_by_piece() -> None:
    array = State.array([_state(number) for number in range(5)])
    sizes: list[int] = []

    def first(states: StateArray) -> torch.Tensor:
        sizes.append(len(states))
        return states.reward

    assert array.batch_execute(2, first).tolist() == [0, 1, 2, 3, 4]
    assert sizes == [2, 2, 1]


def test_wrong_shapes_and_names_are_refused() -> None:
    with pytest.raises(ValueError, match="observation"):
        StateArray({"observation": torch.zeros(2, 4)}, (3,))
    with pytest.raises(KeyError, match="no entry 'speed'"):
        _state(1)["speed"]
    with pytest.raises(ValueError, match="agent"):
        MultiagentState({"observation": torch.zeros(1)})


def test_a_multiagent_state_keeps_its_agent() -> None:
    state = MultiagentState({"observation": torch.zeros(1), "agent": "left"})
    assert state.update("reward", 2.0).agent == "left"
    assert type(state.to("cpu")) is MultiagentState


@pytest.mark.parametrize(("source", "device", "waits"), [("cpu", "meta", False), ("meta", "cpu", True)])
def test_a_copy_to_the_cpu_is_there_when_it_comes_back(monkeypatch, source, device, waits) -> None:
    state = State({"observation": torch.zeros(2, device=source)})
    asked: list[bool] = []

    def to(tensor: torch.Tensor, device: torch.device, non_blocking: bool = False) -> torch.Tensor:
        asked.append(non_blocking)
        return torch.empty(tensor.shape, device=device)

    monkeypatch.setattr(torch.Tensor, "to", to)
    assert state.to(device).device.type == device
    assert asked == [not waits]
