"""A replay buffer that does not fit is refused before the run, and takes memory only as it fills."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from allcore.core import StackedFrames, State, StateArray
from allcore.errors import UsageError
from allcore.memory import ExperienceReplayBuffer, memory_bytes, step_storage
from allcore.memory.estimate import _free_in_control_group, available_bytes


def atari_state(num_envs: int | None = None) -> State:
    lead = () if num_envs is None else (num_envs,)
    frames = StackedFrames((torch.zeros(*lead, 1, 84, 84, dtype=torch.uint8),) * 4)
    return State({"observation": frames}) if num_envs is None else StateArray({"observation": frames}, lead)


def test_an_atari_transition_takes_about_7_1_kilobytes():
    frame, reward, done, mask, action, age, startable, goes_on = 84 * 84, 4, 1, 4, 8, 1, 1, 1
    assert memory_bytes(1_000_000, atari_state(), 0) == 1_000_004 * (
        frame + reward + done + mask + action + age + startable + goes_on
    )
    assert memory_bytes(1_000_000, atari_state(8), torch.zeros(8, dtype=torch.int64)) < 7.1e9


def test_the_estimate_is_what_is_allocated():
    state = atari_state(2)
    buffer = ExperienceReplayBuffer(20)
    action = torch.zeros(2, 3)
    buffer.store(None, None, state)
    buffer.store(state, action, atari_state(2))
    for _ in range(20):  # past the end, so that all rows are handed out
        buffer.store(None, None, state)
    saved = buffer.state_dict()["steps"]
    noted = [saved[name] for name in ("age", "startable", "goes_on")]
    tensors = [*saved["entries"].values(), saved["actions"], *noted]
    assert sum(tensor.nbytes for tensor in tensors) == memory_bytes(20, state, action)


def test_a_buffer_that_does_not_fit_is_refused_with_a_capacity_that_does(monkeypatch):
    monkeypatch.setattr(step_storage, "available_bytes", lambda device: 1_000_000_000)
    with pytest.raises(
        UsageError, match=r"1,000,000 transitions needs 7\.\d\d GB on cpu, where 1\.00 GB are free"
    ) as error:
        ExperienceReplayBuffer(1_000_000).store(None, None, atari_state())
    fitting = int(error.value.hint.split("capacity of ")[1].split(" fits")[0].replace(",", ""))
    assert 100_000 < fitting < 150_000
    assert memory_bytes(fitting, atari_state(), 0) <= 1_000_000_000
    ExperienceReplayBuffer(fitting).store(None, None, atari_state())


def test_memory_is_taken_as_the_buffer_fills():
    resident = resident_bytes()
    if resident is None:
        pytest.skip("this system does not say how much memory a process has")
    buffer = ExperienceReplayBuffer(100_000)  # 0.7 GB when full
    buffer.store(None, None, atari_state())
    grown = resident_bytes()
    assert grown is not None
    assert grown - resident < 100_000_000


def resident_bytes() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    except OSError:
        return None


def test_this_machine_says_what_is_free():
    free = available_bytes(torch.device("cpu"))
    assert free is None or free > 1_000_000
    assert available_bytes(torch.device("meta")) is None


def test_the_limit_of_a_container_or_job_counts(tmp_path):
    own = tmp_path / "own"
    root = tmp_path / "cgroup"
    job = root / "job"
    (job / "step").mkdir(parents=True)
    own.write_text("0::/job/step\n")
    (job / "step" / "memory.max").write_text("max\n")
    (job / "step" / "memory.current").write_text("100\n")
    assert _free_in_control_group(root, own) is None
    (job / "memory.max").write_text("1000\n")
    (job / "memory.current").write_text("400\n")
    (job / "memory.stat").write_text("anon 300\ninactive_file 50\n")
    assert _free_in_control_group(root, own) == 650


def test_the_older_kind_of_control_groups_counts_too(tmp_path):
    own, group = tmp_path / "own", tmp_path / "cgroup" / "memory" / "job"
    group.mkdir(parents=True)
    own.write_text("5:cpu,memory:/job\n4:cpuset:/\n")
    (group / "memory.limit_in_bytes").write_text("1000\n")
    (group / "memory.usage_in_bytes").write_text("900\n")
    assert _free_in_control_group(tmp_path / "cgroup", own) == 100
