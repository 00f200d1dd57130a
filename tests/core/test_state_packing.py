"""States as plain values and back, through a file: nothing of them is lost or changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from allcore.checkpoint import load_state, save_state
from allcore.core import (
    MultiagentState,
    StackedFrames,
    State,
    StateArray,
    state_from_dict,
    state_to_dict,
)
from allcore.errors import CheckpointError


def _through_a_file(state: Any, folder: Path) -> Any:
    save_state(folder / "state", {"in flight": state_to_dict(state)})
    return state_from_dict(load_state(folder / "state")["in flight"])


def _assert_equal(one: State, other: State) -> None:
    assert type(one) is type(other)
    assert one.shape == other.shape
    assert one.keys() == other.keys()
    for key in one.keys():  # noqa: SIM118 (iterating over a StateArray gives its states)
        _assert_equal_entries(one._entries[key], other._entries[key])


def _assert_equal_entries(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, StackedFrames):
        assert (one.size, one.channel_dim) == (other.size, other.channel_dim)
        for pair in zip(one.frames, other.frames, strict=True):
            _assert_equal_entries(*pair)
    elif isinstance(one, torch.Tensor):
        assert (one.dtype, one.shape, one.stride()) == (other.dtype, other.shape, other.stride())
        assert torch.equal(one, other) or bool(one.isnan().all() and other.isnan().all())
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert np.array_equal(one, other)
    else:
        assert repr(one) == repr(other)  # -0.0 and nan as well


def _frames(*shape: int, count: int = 4) -> StackedFrames:
    frames = tuple(torch.full((*shape, 1, 2, 2), index, dtype=torch.uint8) for index in range(count))
    return StackedFrames((frames[0], *frames[:-1]))  # an episode's first frame, repeated


STATES = {
    "plain": State({"observation": torch.randn(3), "reward": -0.0, "mask": 0.0}),
    "done": State({"observation": torch.zeros(2, dtype=torch.float64), "reward": 1.5, "done": True}),
    "whole numbers": State({"observation": torch.arange(3), "reward": 1, "life_lost": False, "lives": 3}),
    "odd numbers": State({"observation": torch.tensor(torch.nan), "reward": float("-inf"), "why": None}),
    "texts and lists": State({"observation": torch.zeros(1), "names": ["a", ("b", 2.0)], "text": "ü/~"}),
    "parts": State({"observation.image": torch.zeros(1, 2, 2), "observation.pose": torch.ones(3)}),
    "numpy": State(
        {
            "observation": torch.zeros(1),
            "reward": np.float64(0.1),
            "done": np.bool_(True),
            "counts": np.arange(3, dtype=np.int16),
            "one": np.float32(0.3),
        }
    ),
    "frames": State({"observation": _frames(), "reward": 1.0}),
    "last channels": State({"observation": StackedFrames(tuple(torch.rand(2, 4, 4, 1)), channel_dim=-1)}),
    "array": State.array([State({"observation": torch.randn(2), "reward": 2.0, "done": True})] * 3),
    "array of frames": StateArray(
        {"observation": _frames(2), "life_lost": torch.tensor([True, False])}, (2,)
    ),
    "time and environments": StateArray({"observation": torch.randn(5, 2, 3)}, (5, 2)),
    "no environment": StateArray({"observation": torch.randn(0, 3)}, (0,)),
    "strided": StateArray({"observation": torch.randn(4, 3).T.contiguous().T}, (4,)),
    "multiagent": MultiagentState({"observation": torch.zeros(2), "agent": "first_0"}),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_every_state_comes_back_as_it_was(state: State, tmp_path: Path) -> None:
    _assert_equal(state, _through_a_file(state, tmp_path))
    _assert_equal(state, state_from_dict(state_to_dict(state)))


def test_none_stays_none(tmp_path: Path) -> None:
    assert state_to_dict(None) is None
    assert _through_a_file(None, tmp_path) is None


def test_frames_are_kept_apart_and_each_is_written_once(tmp_path: Path) -> None:
    packed = state_to_dict(STATES["frames"])
    assert packed is not None
    assert [tuple(frame.shape) for frame in packed["entries"]["observation"]] == [(1, 2, 2)] * 4
    loaded = _through_a_file(STATES["frames"], tmp_path)
    frames = loaded._entries["observation"].frames
    assert frames[0].data_ptr() == frames[1].data_ptr()
    assert loaded.frames("observation")[0].tolist() == [[[2, 2], [2, 2]]]


def test_an_entry_that_looks_like_a_stack_is_none() -> None:
    state = State({"observation": [torch.zeros(1, 2, 2)] * 2})
    assert state_from_dict(state_to_dict(state)).observation is state.observation


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.lists(st.floats(), max_size=2),
    )
)
def test_any_further_entry(entries: dict[str, Any]) -> None:
    import tempfile

    state = State({**entries, "observation": torch.ones(2), "reward": 0.5, "done": False, "mask": 1.0})
    with tempfile.TemporaryDirectory() as folder:
        _assert_equal(state, _through_a_file(state, Path(folder)))


def test_a_class_of_somebody_else_s_is_refused() -> None:
    class Own(State):
        pass

    with pytest.raises(CheckpointError, match="Own"):
        state_to_dict(Own({"observation": torch.zeros(1)}))


@pytest.mark.parametrize("packed", [{}, {"kind": "planet"}, {"kind": "state", "shape": [], "entries": 3}])
def test_what_is_no_saved_state_is_refused(packed: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match="no state"):
        state_from_dict(packed)
