"""Replay in files that are written once: what comes back is what was there, whatever was written when."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings, strategies as st

from allcore.checkpoint import load_state, load_tensors, save_state, save_tensors
from allcore.core import StateArray
from allcore.errors import CheckpointError
from allcore.experiments.checkpoints import Checkpoints
from allcore.memory import ExperienceReplayBuffer
from allcore.memory.saved_rows import SavedRows


def _buffer(capacity: int = 20) -> ExperienceReplayBuffer:
    return ExperienceReplayBuffer(capacity, generator=torch.Generator().manual_seed(0))


def _store(buffer: ExperienceReplayBuffer, steps: int, last: Any, done_every: int = 5) -> Any:
    """Store steps of two environments, whose observations count them."""
    for _ in range(steps):
        number = 0 if last is None else int(last.observation[0, 0]) + 1
        done = torch.tensor([number % done_every == 3, False])
        state = StateArray(
            {
                "observation": torch.full((2, 3), float(number)),
                "reward": torch.full((2,), number / 7),
                "done": done,
                "mask": 1.0 - done.float(),
            },
            (2,),
        )
        buffer.store(last, torch.tensor([number, -number]), state)
        last = state
    return last


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, SavedRows):
        one = one.whole()
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


@settings(max_examples=40, deadline=None)
@given(pauses=st.lists(st.integers(0, 27), min_size=1, max_size=6), reopen=st.integers(0, 5))
def test_the_whole_comes_back(
    pauses: list[int], reopen: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    checkpoints = Checkpoints(tmp_path_factory.mktemp("checkpoints"))
    buffer, last = _buffer(), None
    for index, steps in enumerate(pauses):
        last = _store(buffer, steps, last)
        state = {"agent": {"replay_buffer": buffer.state_dict()}, "number": index}
        checkpoints.save(index, state)
        if index == reopen:
            checkpoints = Checkpoints(checkpoints.folder)
            loaded, problems = checkpoints.load()
            buffer = _buffer()
            buffer.load_state_dict(loaded["agent"]["replay_buffer"])
            assert not problems
        loaded, problems = Checkpoints(checkpoints.folder).load()
        assert not problems
        assert _same(loaded, {"agent": {"replay_buffer": buffer.state_dict()}, "number": index})


def test_a_checkpoint_costs_what_is_new(tmp_path: Path) -> None:
    checkpoints, buffer = Checkpoints(tmp_path), _buffer(100_000)
    last = _store(buffer, 2000, None)
    sizes = []
    for frame in range(1, 9):
        checkpoints.save(frame, {"replay": buffer.state_dict()})
        sizes.append((tmp_path / f"rows-{frame:012}.safetensors").stat().st_size)
        last = _store(buffer, 100, last)
    assert all(15 * size < sizes[0] for size in sizes[1:])
    assert all(size == sizes[1] for size in sizes[2:])


def test_files_whose_rows_have_given_way_are_removed(tmp_path: Path) -> None:
    checkpoints, buffer, last = Checkpoints(tmp_path), _buffer(40), None
    for frame in range(1, 30):
        last = _store(buffer, 7, last)
        checkpoints.save(frame, {"replay": buffer.state_dict()})
    files = [path for path in tmp_path.iterdir() if path.name.startswith("rows-")]
    assert len(files) <= 5  # 21 rows, 7 a file, of two checkpoints
    checkpoints.clear()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_or_damaged_file_spoils_the_checkpoints_that_need_it(tmp_path: Path) -> None:
    checkpoints, buffer = Checkpoints(tmp_path), _buffer(400)
    last = _store(buffer, 20, None)
    checkpoints.save(1, {"replay": buffer.state_dict()})
    before = copy.deepcopy(buffer.state_dict())
    _store(buffer, 20, last)
    checkpoints.save(2, {"replay": buffer.state_dict()})
    rows = tmp_path / "rows-000000000002.safetensors"
    content = bytearray(rows.read_bytes())
    content[-20] ^= 4
    rows.write_bytes(content)
    loaded, problems = Checkpoints(tmp_path).load()
    assert _same(loaded, {"replay": before})
    assert "damaged" in problems[0]
    (tmp_path / "rows-000000000001.safetensors").unlink()
    with pytest.raises(CheckpointError, match="Remove that folder"):
        Checkpoints(tmp_path).load()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what is mapped")
def test_loading_needs_no_memory_for_a_second_copy(tmp_path: Path) -> None:
    """The rows that a checkpoint gives to a buffer still lie in the file."""
    checkpoints, buffer = Checkpoints(tmp_path), _buffer(30_000)
    _store(buffer, 12_000, None)
    checkpoints.save(1, {"replay": buffer.state_dict()})
    entries = Checkpoints(tmp_path).load()[0]["replay"]["steps"]["entries"]
    assert all(isinstance(entry, SavedRows) for entry in entries.values())
    largest = entries["observation"]
    assert len(largest) == 12_000
    inside = [part for part, _, _ in largest._parts if len(part) > 100]
    file = tmp_path / "rows-000000000001.safetensors"
    mapped = [line for line in Path("/proc/self/maps").read_text().splitlines() if str(file) in line]
    ranges = [[int(end, 16) for end in line.split()[0].split("-")] for line in mapped]
    for part in inside:
        assert any(first <= part.data_ptr() < end for first, end in ranges)


def test_a_checkpoint_names_no_file_elsewhere(tmp_path: Path) -> None:
    from allcore.experiments.row_files import RowFiles

    buffer = _buffer()
    _store(buffer, 5, None)
    state = RowFiles(tmp_path, 2).take_out(1, {"replay": buffer.state_dict()})
    state["replay"]["steps"]["row_files"][0][0] = "../../secret.safetensors"
    with pytest.raises(CheckpointError, match="does not lie beside it"):
        RowFiles(tmp_path, 2).put_back(state)


_FILE = "rows-000000000001.safetensors"
_HUGE = {"row_files": [[_FILE, 0, 10**15]], "written": 10**15 + 1, "num_rows": 10**16}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"written": 10**15}, "lacks some of its rows"),
        ({"num_rows": 10**15, "written": 10**15}, "lacks some of its rows"),
        ({"written": -1}, "cannot have -1 of"),
        ({"num_rows": 0}, "cannot have 5 of 0"),
        ({"written": 5.0}, "cannot have 5.0 of"),
        ({"row_files": []}, "lacks some of its rows 0 to 5"),
        (_HUGE, "rows 0 to 1000000000000000 of a replay buffer are not what they should be"),
        ({"row_files": [[_FILE, 0, 2]] * 2}, "do not follow on row 2"),
        ({"row_files": [[_FILE, -2, 4]]}, "rows -2 to 4 of a replay buffer do not follow"),
        ({"row_files": [[_FILE, 1, 4]]}, "lacks some of its rows"),
        ({"row_files": [["..", 0, 4]]}, "does not lie beside it"),
        ({"row_files": [[f"../x/{_FILE}", 0, 4]]}, "does not lie beside it"),
        ({"row_files": [[f"{_FILE}\n", 0, 4]]}, "does not lie beside it"),
        ({"row_files": [["rows-000000000009.safetensors", 0, 4]]}, "there is no file"),
        ({"row_files": 3}, "not iterable"),
        ({"append_only": ["entries", "actions", "capacity"]}, "'items'"),
    ],
    ids=str,
)
def test_rows_that_are_not_there_are_missed_before_memory_is_taken(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    checkpoints, buffer = Checkpoints(tmp_path), _buffer()
    _store(buffer, 5, None)
    path = checkpoints.save(1, {"replay": buffer.state_dict()})
    state = load_state(path)
    assert state["replay"]["steps"]["row_files"] == [[_FILE, 0, 4]]
    state["replay"]["steps"].update(change)
    save_state(path, state)
    with pytest.raises(CheckpointError, match=said):
        Checkpoints(tmp_path).load()


def test_a_file_of_rows_with_others_in_it(tmp_path: Path) -> None:
    checkpoints, buffer = Checkpoints(tmp_path), _buffer()
    _store(buffer, 5, None)
    checkpoints.save(1, {"replay": buffer.state_dict()})
    rows, _ = load_tensors(tmp_path / _FILE)
    name = next(iter(rows))
    for other in (rows[name][:3], rows[name].flatten(1)[:, :1, None], rows[name].double()):
        save_tensors(tmp_path / _FILE, {**rows, name: other}, {})
        with pytest.raises(
            CheckpointError, match="rows 0 to 4 of a replay buffer are not what they should be"
        ):
            Checkpoints(tmp_path).load()
    save_tensors(tmp_path / _FILE, {key: rows[key] for key in rows if key != name}, {})
    with pytest.raises(CheckpointError, match=name):
        Checkpoints(tmp_path).load()
