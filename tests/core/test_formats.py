"""Versions of formats: an older file is brought to the newest one, a later one is refused; and JSON within limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from allcore import formats
from allcore.checkpoint import load_state, load_tensors, save_state, save_tensors
from allcore.errors import AllError, CheckpointError, LogdirError, SpecError
from allcore.experiments import RunSpec
from allcore.experiments.run_folder import RunFolder
from allcore.formats import LARGEST, MIGRATIONS, MOST_LEVELS, VERSIONS, migrated, read_json

SPEC = RunSpec(preset="a.b", environment="c:D", frames=10, seed=3)


def test_there_is_a_way_from_every_version_to_the_newest():
    assert set(MIGRATIONS) == {(kind, step) for kind, newest in VERSIONS.items() for step in range(1, newest)}


@pytest.fixture
def third_version(monkeypatch):
    """As if there had been two changes of each kind of file; `third_version(kind, first, second)` says which."""

    def register(kind: str, *changes: Any) -> None:
        monkeypatch.setitem(VERSIONS, kind, 1 + len(changes))
        for step, change in enumerate(changes, start=1):
            monkeypatch.setitem(MIGRATIONS, (kind, step), change)

    return register


def test_an_older_specification_is_migrated_step_by_step(third_version):
    old = {**SPEC.to_json(), "env": "c:D", "frames": 40}
    del old["environment"]
    third_version(
        "specification",
        lambda record: {**record, "frames": record["frames"] // 4},  # emulator frames became agent steps
        lambda record: {"environment": record.pop("env"), **record},
    )
    assert RunSpec.from_json(old) == SPEC
    assert SPEC.to_json()["schema"] == 3
    assert RunSpec.from_json(SPEC.to_json()) == SPEC


def test_a_run_keeps_its_name_when_the_format_changes(third_version):
    before = SPEC.run_name
    third_version("specification", dict)
    assert SPEC.run_name == before


def test_an_older_tensor_file_is_migrated(tmp_path, third_version):
    save_tensors(tmp_path / "t", {"w": torch.tensor([1.0]), "other": torch.tensor([2.0])}, {"rate": 0.5})
    save_state(tmp_path / "s", {"step": 3})

    def rename(content: dict[str, Any]) -> dict[str, Any]:
        assert set(content) == {"metadata", "layouts", "aliases", "tensors"}
        tensors = content["tensors"]
        if "w" in tensors:
            tensors["weight"] = tensors.pop("w")
            content["metadata"]["lr"] = content["metadata"].pop("rate")
        return content

    third_version("tensors", rename, lambda content: content)
    tensors, metadata = load_tensors(tmp_path / "t")
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {"other": [2.0], "weight": [1.0]}
    assert metadata == {"lr": 0.5}
    assert load_state(tmp_path / "s") == {"step": 3}
    save_tensors(tmp_path / "new", tensors, metadata)
    assert load_tensors(tmp_path / "new")[1] == {"lr": 0.5}  # and is not migrated again


def test_an_older_run_json_is_migrated(tmp_path, third_version):
    (tmp_path / "run.json").write_text(json.dumps({"environment": "Pong"}))  # the first ones had no number
    third_version("run", lambda record: {**record, "env": record["environment"]})
    assert RunFolder(tmp_path).read_run()["env"] == "Pong"


def test_a_later_version_is_refused_by_its_number(tmp_path, third_version, monkeypatch):
    third_version("tensors", dict)
    save_tensors(tmp_path / "t", {}, {})
    monkeypatch.undo()
    (tmp_path / "run.json").write_text('{"schema": 2}')
    for error, read in (
        (CheckpointError, lambda: load_tensors(tmp_path / "t")),
        (LogdirError, lambda: RunFolder(tmp_path).read_run()),
        (
            SpecError,
            lambda: RunSpec.from_json({**SPEC.to_json(), "schema": 2}, source=tmp_path / "spec.json"),
        ),
    ):
        with pytest.raises(error, match=r"later version of allcore \(schema 2, we read up to 1\)") as caught:
            read()
        assert str(tmp_path) in caught.value.message
        assert "Upgrade" in caught.value.hint


@pytest.mark.parametrize("version", [0, -1, None, "1", 1.0, True, [1]])
def test_what_is_no_version(version):
    with pytest.raises(AllError, match="file.json has no version"):
        migrated("run", version, {}, source="file.json", error=AllError)


def test_a_file_that_is_not_what_its_version_says(third_version):
    third_version("run", lambda record: {"env": record["gone"]})
    with pytest.raises(AllError, match="not what schema 1 says .*gone"):
        migrated("run", 1, {}, source="file.json", error=AllError)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property"),
        (b"\xff\xfe\x00", "decode"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * (MOST_LEVELS + 1) + "]" * (MOST_LEVELS + 1), "nested too deeply"),
        ('{"a": ' * (MOST_LEVELS + 1) + "1" + "}" * (MOST_LEVELS + 1), "nested too deeply"),
        (str(LARGEST), "300 digits"),
        (f"[-{LARGEST}]", "300 digits"),
        ("9" * 10_000, "4300"),
        ('"\\ud800"', "surrogates"),
        ('{"\\udfff": 1}', "surrogates"),
    ],
)
def test_json_that_would_break_something_later_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        read_json(text)


def test_json_within_limits():
    deep = "[" * MOST_LEVELS + "]" * MOST_LEVELS
    assert json.dumps(read_json(deep)) == deep
    assert read_json(str(LARGEST - 1)) == LARGEST - 1
    assert read_json('{"a": [1, "\\ud83d\\ude00", null, Infinity]}') == {"a": [1, "😀", None, float("inf")]}
    for constant in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(ValueError, match=constant):
            read_json(f"[{constant}]", finite=True)


@pytest.mark.parametrize("bad", [LARGEST, "\ud800", {"a": ["\ud800"]}])
def test_what_could_not_be_read_again_is_not_written(bad, tmp_path):
    with pytest.raises(CheckpointError, match="not JSON"):
        save_tensors(tmp_path / "t", {}, {"value": bad})
    assert list(tmp_path.iterdir()) == []


def test_versions_are_where_the_documentation_says():
    assert all(f"`{kind}`" in (formats.__doc__ or "") for kind in VERSIONS)
