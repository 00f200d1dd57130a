import json

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import given
from hypothesis.extra import numpy as hnp

from allcore.core import State
from allcore.environments.spaces import ObservationReader, space_from_json, space_to_json, tensor_space
from allcore.errors import UsageError

shapes = hnp.array_shapes(min_dims=0, max_dims=3, max_side=3)
float_dtypes = st.sampled_from([np.float16, np.float32, np.float64])
int_dtypes = st.sampled_from([np.uint8, np.int8, np.int16, np.int32, np.int64, np.uint32])


@st.composite
def float_boxes(draw):
    shape, dtype = draw(shapes), draw(float_dtypes)
    numbers = st.floats(allow_nan=False, width=np.dtype(dtype).itemsize * 8)
    first, second = (draw(hnp.arrays(dtype, shape, elements=numbers)) for _ in range(2))
    low, high = np.minimum(first, second), np.maximum(first, second)
    # Gymnasium refuses a lower bound of +inf and an upper bound of -inf.
    low, high = np.where(low == np.inf, dtype(0), low), np.where(high == -np.inf, dtype(0), high)
    return spaces.Box(low, high, shape, dtype)


@st.composite
def int_boxes(draw):
    shape, dtype = draw(shapes), draw(int_dtypes)
    limit = min(np.iinfo(dtype).max, 2**62)
    numbers = st.integers(max(np.iinfo(dtype).min, -(2**62)), limit)
    first, second = (draw(hnp.arrays(dtype, shape, elements=numbers)) for _ in range(2))
    return spaces.Box(np.minimum(first, second), np.maximum(first, second), shape, dtype)


counts = hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=3), elements=st.integers(1, 9))
leaves = st.one_of(
    float_boxes(),
    int_boxes(),
    st.builds(lambda n, start: spaces.Discrete(n, start=start), st.integers(1, 99), st.integers(-9, 9)),
    st.builds(lambda nvec, shift: spaces.MultiDiscrete(nvec, start=nvec * shift), counts, st.integers(-3, 3)),
    st.builds(spaces.MultiBinary, st.integers(1, 9) | st.lists(st.integers(1, 3), min_size=1, max_size=3)),
)
any_space = st.recursive(
    leaves,
    lambda parts: (
        st.builds(spaces.Tuple, st.lists(parts, max_size=3))
        | st.builds(
            spaces.Dict, st.lists(st.tuples(st.text(max_size=3), parts), max_size=3, unique_by=lambda x: x[0])
        )
    ),
    max_leaves=4,
)


def assert_same(a, b):
    assert a == b
    assert a.dtype == b.dtype
    if isinstance(a, spaces.Box):  # Gymnasium's own == forgives small differences
        assert np.array_equal(a.low, b.low)
        assert np.array_equal(a.high, b.high)
    elif isinstance(a, spaces.Dict):
        assert list(a) == list(b)
        [assert_same(a[key], b[key]) for key in a]
    elif isinstance(a, spaces.Tuple):
        [assert_same(*pair) for pair in zip(a, b, strict=True)]


@given(any_space)
def test_a_space_survives_json_exactly(space):
    text = json.dumps(space_to_json(space), allow_nan=False)
    assert_same(space_from_json(json.loads(text)), space)


def test_equal_bounds_are_written_once():
    described = space_to_json(spaces.Box(0, 255, (1, 84, 84), np.uint8))
    assert described == {"type": "Box", "shape": [1, 84, 84], "dtype": "uint8", "low": 0, "high": 255}
    mixed = spaces.Box(np.array([-1, -np.inf], np.float32), np.array([np.inf, np.inf], np.float32))
    assert space_to_json(mixed)["low"] == [-1.0, "-inf"]
    assert space_to_json(mixed)["high"] == "inf"


def test_spaces_that_no_tensor_can_hold_are_refused():
    text = spaces.Text(5)
    for refuse in (space_to_json, tensor_space, ObservationReader):
        with pytest.raises(UsageError, match="Text space"):
            refuse(spaces.Dict(a=spaces.Discrete(2), b=text))
    with pytest.raises(UsageError, match=r"observation\.b is a Text"):
        ObservationReader(spaces.Dict(b=text))


_BOX = {"type": "Box", "shape": [2], "dtype": "float32", "low": 0, "high": 1}


def test_a_box_is_described():
    assert space_from_json(_BOX) == spaces.Box(0, 1, (2,), np.float32)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [],
        None,
        "Box",
        {"type": "Sphere"},
        {"type": "Box", "shape": [2]},
        {"type": "Dict"},
        {"type": "Dict", "spaces": 3},
        {"type": "Tuple", "spaces": [_BOX, {}]},
        {**_BOX, "shape": [10**6, 10**6]},
        {**_BOX, "shape": [-1]},
        {**_BOX, "shape": ["2"]},
        {**_BOX, "dtype": "U1000000000"},
        {**_BOX, "dtype": "object"},
        {**_BOX, "low": [0, 0, 0]},
        {**_BOX, "low": "a"},
        {"type": "Tuple", "spaces": [{**_BOX, "shape": [2**20]}] * 65},
        {"type": "Discrete", "n": -1, "start": 0, "dtype": "int64"},
        {"type": "Discrete", "n": 10**400, "start": 0, "dtype": "int64"},
        {"type": "MultiBinary", "n": 10**12},
        {"type": "MultiDiscrete", "nvec": [-3], "start": [0], "dtype": "int64"},
    ],
)
def test_what_describes_no_space_is_refused(wrong):
    with pytest.raises(UsageError, match="does not describe a space"):
        space_from_json(wrong)


def test_float64_becomes_float32_and_uint8_stays():
    space = spaces.Dict(
        speed=spaces.Box(-1e300, 1.0, (2,), np.float64), image=spaces.Box(0, 255, (3,), np.uint8)
    )
    converted = tensor_space(space)
    assert converted["speed"] == spaces.Box(-np.inf, 1.0, (2,), np.float32)
    assert converted["image"] is space["image"]
    entries = ObservationReader(space)(
        {"speed": np.array([0.1, 0.2]), "image": np.array([1, 2, 3], np.uint8)}
    )
    assert entries["observation.speed"].tolist() == torch.tensor([0.1, 0.2]).tolist()
    assert entries["observation.image"].dtype == torch.uint8


def test_parts_have_flat_names():
    space = spaces.Dict(
        camera=spaces.Dict(left=spaces.Box(0, 1, (1,)), right=spaces.Box(0, 1, (1,))),
        pose=spaces.Tuple([spaces.Discrete(3), spaces.MultiBinary(2)]),
    )
    entries = ObservationReader(space)(space.sample())
    names = [
        "observation.camera.left",
        "observation.camera.right",
        "observation.pose.0",
        "observation.pose.1",
    ]
    assert list(entries) == names
    assert entries["observation.pose.0"].shape == ()
    assert set(State(entries).observation) == {"camera.left", "camera.right", "pose.0", "pose.1"}


def test_a_batch_is_read_like_one():
    space = spaces.Tuple([spaces.Discrete(3), spaces.Box(-1, 1, (2,))])
    entries = ObservationReader(space)((np.array([1, 2]), np.zeros((2, 2))))
    assert entries["observation.0"].tolist() == [1, 2]
    assert entries["observation.1"].shape == (2, 2)


def test_what_was_read_does_not_change_later():
    array = np.zeros(2, np.float32)
    entry = ObservationReader(spaces.Box(0, 1, (2,)))(array)["observation"]
    array[:] = 1
    assert entry.tolist() == [0, 0]


def test_two_parts_of_one_name_are_refused():
    clash = spaces.Dict({"a.b": spaces.Discrete(2), "a": spaces.Dict(b=spaces.Discrete(2))})
    with pytest.raises(UsageError, match="names of their own"):
        ObservationReader(clash)
