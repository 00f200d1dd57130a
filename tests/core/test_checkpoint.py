"""One file with tensors and JSON: it comes back as it was, or a clear error says why not."""

import json
import os

import pytest
import torch
from hypothesis import given, strategies as st
from safetensors.torch import save_file

from allcore import checkpoint, formats
from allcore.checkpoint import load_state, load_tensors, save_state, save_tensors
from allcore.errors import CheckpointError

DTYPES = [torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool, torch.bfloat16]
TENSORS = st.builds(
    lambda shape, dtype: torch.arange(torch.Size(shape).numel()).reshape(shape).to(dtype),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(DTYPES),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**130), 2**130)
    | st.floats()
    | st.text(st.characters(codec="utf-8"))
    | TENSORS
)
KEYS = st.text(st.characters(codec="utf-8"), max_size=4) | st.sampled_from(
    ["$tensor", "a/b", "a~1b", "a", "/", "~"]
)
STATES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(KEYS | st.integers(0, 5), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return (
            isinstance(b, torch.Tensor)
            and a.dtype == b.dtype
            and a.stride() == b.stride()
            and torch.equal(a, b)
        )
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


@given(STATES)
def test_any_nested_state_comes_back(tmp_path_factory, state):
    path = tmp_path_factory.mktemp("state") / "state.safetensors"
    save_state(path, state)
    assert same(state, load_state(path))


def test_keys_that_look_alike_stay_apart(tmp_path):
    one = {
        "a/b": torch.tensor(1),
        "a": {"b": torch.tensor(2)},
        "x": {0: torch.tensor(3), "0": torch.tensor(4)},
    }
    save_state(tmp_path / "s", one)
    assert same(one, load_state(tmp_path / "s"))


def test_the_same_state_gives_the_same_bytes(tmp_path):
    for name in "abcdefgh":
        save_state(
            tmp_path / name, {"w": torch.zeros(2), "v": torch.ones(3, dtype=torch.int64), "updates": 3}
        )
    assert len({(tmp_path / name).read_bytes() for name in "abcdefgh"}) == 1


def test_whoever_may_read_other_files_may_read_this_one(tmp_path):
    (tmp_path / "plain").touch()
    save_state(tmp_path / "s", {"w": torch.zeros(1)})
    assert (tmp_path / "s").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_tensors_and_metadata_come_back(tmp_path):
    save_tensors(
        tmp_path / "deep" / "t", {"w": torch.tensor([1.5, 2.5])}, {"kind": "preset", "lr": [1e-4, None]}
    )
    tensors, metadata = load_tensors(tmp_path / "deep" / "t")
    assert same(tensors, {"w": torch.tensor([1.5, 2.5])})
    assert metadata == {"kind": "preset", "lr": [1e-4, None]}


@pytest.mark.parametrize("channels", [1, 3])
def test_memory_layout_is_kept(tmp_path, channels):
    # One channel: torch calls this contiguous both ways, yet its kernels look at the strides.
    images = torch.randn(2, channels, 4, 5, generator=torch.Generator().manual_seed(0))
    state = {
        "last": images.to(memory_format=torch.channels_last),
        "transposed": torch.arange(6.0).view(2, 3).T,
    }
    save_state(tmp_path / "s", state)
    assert same(state, load_state(tmp_path / "s"))


def test_a_part_of_a_larger_tensor_is_written_without_the_rest(tmp_path):
    whole = torch.arange(100_000.0)
    save_state(
        tmp_path / "s", {"part": whole[:4:2], "row": whole.view(100, 1000)[:, 3], "wide": whole[:1].expand(3)}
    )
    assert os.path.getsize(tmp_path / "s") < 5_000
    loaded = load_state(tmp_path / "s")
    assert loaded["part"].tolist() == [0.0, 2.0]
    assert torch.equal(loaded["row"], whole.view(100, 1000)[:, 3])
    assert loaded["wide"].tolist() == [0.0, 0.0, 0.0]


def test_a_tensor_under_two_names_is_written_once(tmp_path):
    weight = torch.arange(10_000.0)
    save_state(tmp_path / "s", {"model": weight, "tied": weight, "view": weight.view(100, 100)[1:3]})
    assert os.path.getsize(tmp_path / "s") < 45_000
    loaded = load_state(tmp_path / "s")
    assert torch.equal(loaded["tied"], weight)
    assert torch.equal(loaded["view"], weight.view(100, 100)[1:3])


def test_parameters_are_written_without_their_graph(tmp_path):
    save_tensors(tmp_path / "t", torch.nn.Linear(2, 1).state_dict(keep_vars=True), {})
    assert not load_tensors(tmp_path / "t")[0]["weight"].requires_grad


@pytest.mark.parametrize("bad", [{1, 2}, object(), b"bytes", {1.5: 0}, {None: 0}])
def test_what_cannot_be_written_is_named_with_its_place(tmp_path, bad):
    with pytest.raises(CheckpointError, match="/agent/1"):
        save_state(tmp_path / "s", {"agent": [0, bad]})
    assert list(tmp_path.iterdir()) == []


def test_metadata_that_is_not_json(tmp_path):
    with pytest.raises(CheckpointError, match="not JSON"):
        save_tensors(tmp_path / "t", {}, {"bad": object()})


# ---- files that cannot be read


def test_missing(tmp_path):
    with pytest.raises(CheckpointError, match="no file"):
        load_state(tmp_path / "s")


@pytest.fixture(name="written")
def _written(tmp_path):
    path = tmp_path / "s.safetensors"
    save_state(path, {"w": torch.arange(5.0), "updates": 12345})
    return path


def test_cut_off_anywhere(written):
    content = written.read_bytes()
    for size in range(0, len(content), 7):
        written.write_bytes(content[:size])
        with pytest.raises(CheckpointError):
            load_state(written)


def test_a_flipped_bit_anywhere_is_an_error_or_harmless(written):
    content = written.read_bytes()
    state = load_state(written)
    errors = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        written.write_bytes(damaged)
        try:
            assert same(load_state(written), state)
        except CheckpointError:
            errors += 1
    assert errors > 0.9 * len(content)


def test_a_later_schema(written, monkeypatch):
    monkeypatch.setitem(formats.VERSIONS, "tensors", 7)
    save_state(written, {})
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match=r"later version.*schema 7") as caught:
        load_state(written)
    assert "Upgrade" in caught.value.hint


def test_a_foreign_file(tmp_path):
    save_file({"w": torch.zeros(1)}, tmp_path / "f")
    with pytest.raises(CheckpointError, match="not one that allcore wrote"):
        load_tensors(tmp_path / "f")
    (tmp_path / "f").write_text(json.dumps({"w": 1}))
    with pytest.raises(CheckpointError, match="torn or no checkpoint"):
        load_tensors(tmp_path / "f")


def test_named_tensors_are_no_state(tmp_path):
    save_tensors(tmp_path / "t", {}, {"kind": "preset"})
    with pytest.raises(CheckpointError, match="not the state of a run"):
        load_state(tmp_path / "t")


def _seal(path, content, tensors, schema="1"):
    """Write a file whose checksum fits, whatever it says."""
    text = json.dumps(content)
    header = {"allcore": f"{schema} {checkpoint._checksum(text, tensors)} {text}"}
    save_file(tensors, path, metadata=header)


_HEADER = {"metadata": {}, "layouts": {}, "aliases": {}}
_TENSORS = {"w": torch.arange(6.0).view(2, 3)}


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"metadata": {}, "layouts": {}},
        {**_HEADER, "metadata": "x"},
        {**_HEADER, "layouts": {"w": [10**9, 1]}},  # would take 4 GB
        {**_HEADER, "layouts": {"w": [0, 1]}},
        {**_HEADER, "layouts": {"w": [-3, 1]}},
        {**_HEADER, "layouts": {"w": [1]}},
        {**_HEADER, "layouts": {"w": "31"}},
        {**_HEADER, "aliases": {"v": "gone"}},
        {**_HEADER, "aliases": ["w"]},
        {**_HEADER, "metadata": {"a": "\ud800"}},
    ],
    ids=ascii,
)
def test_a_header_that_somebody_made(content, tmp_path):
    _seal(tmp_path / "t", content, _TENSORS)
    with pytest.raises(CheckpointError, match="t is damaged: its header"):
        load_tensors(tmp_path / "t")
    _seal(tmp_path / "t", {**_HEADER, "layouts": {"w": [1, 2]}}, _TENSORS)
    assert load_tensors(tmp_path / "t")[0]["w"].stride() == (1, 2)


@pytest.mark.parametrize("schema", ["0", "-1"])
def test_a_schema_that_never_was(schema, tmp_path):
    _seal(tmp_path / "t", _HEADER, _TENSORS, schema)
    with pytest.raises(CheckpointError, match=f"no version of its format that we know: schema {schema}"):
        load_tensors(tmp_path / "t")


@pytest.mark.parametrize(
    "tree",
    [
        {"$tensor": "/gone"},
        {"$tensor": [1]},
        {"$items": 3},
        {"$items": [[[], 1]]},
        {"$items": [[1]]},
        {"$tuple": None},
        {"$float": "much"},
        {"$float": [1]},
    ],
    ids=str,
)
def test_a_tree_that_somebody_made(tree, tmp_path):
    save_tensors(tmp_path / "s", {}, {"kind": "state", "tree": {"a": [tree]}})
    with pytest.raises(CheckpointError, match="s is damaged: what it holds is no state"):
        load_state(tmp_path / "s")
    save_tensors(tmp_path / "s", {}, {"kind": "state"})
    with pytest.raises(CheckpointError, match="'tree'"):
        load_state(tmp_path / "s")


# ---- whole or not at all


def test_a_failure_leaves_the_old_file_and_nothing_else(written, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", fail)
    with pytest.raises(CheckpointError, match="No space left"):
        save_state(written, {"updates": 2})
    assert load_state(written)["updates"] == 12345
    assert list(written.parent.iterdir()) == [written]


def test_the_file_is_flushed_before_it_gets_its_name(written, monkeypatch):
    calls = []
    monkeypatch.setattr(checkpoint.os, "fsync", lambda descriptor: calls.append("flush"))
    replace = os.replace
    monkeypatch.setattr(checkpoint.os, "replace", lambda a, b: (calls.append("rename"), replace(a, b)))
    save_state(written, {})
    assert calls == ["flush", "rename", "flush"]
