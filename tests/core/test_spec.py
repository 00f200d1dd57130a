"""Run specifications: JSON and back, identity, and what they refuse."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from allcore.errors import SpecError
from allcore.experiments import RunSpec

VALUES = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text())


@given(
    frames=st.integers(1, 10**12),
    seed=st.integers(0, 2**63),
    hyperparameters=st.dictionaries(st.text(min_size=1), VALUES, max_size=4),
    wrappers=st.lists(st.text(), max_size=3),
)
def test_a_specification_survives_json(
    frames: int, seed: int, hyperparameters: dict[str, object], wrappers: list[str]
) -> None:
    spec = RunSpec(
        preset="a.b",
        environment="c:D",
        frames=frames,
        seed=seed,
        hyperparameters=hyperparameters,
        wrappers=tuple(wrappers),
    )
    read = RunSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert read == spec
    assert read.run_name == spec.run_name


def test_identity_is_what_is_computed_not_how_it_is_shown() -> None:
    spec = RunSpec(preset="a.b", environment="c:D", frames=1000, seed=3, hyperparameters={"lr": 0.1, "n": 2})
    shown = RunSpec(
        preset="a.b", environment="c:D", frames=1000, seed=3, hyperparameters={"n": 2, "lr": 0.1},
        loggers=("core.csv",), verbose=False, versions={"x": "1"}, save_freq=7,
    )  # fmt: skip
    assert spec.run_name == shown.run_name
    assert spec.run_name.startswith("seed3-")
    for change in ({"frames": 1001}, {"seed": 4}, {"hyperparameters": {"lr": 0.2}}, {"device": "cuda"}):
        record = {key: value for key, value in spec.to_json().items() if key != "schema"}
        assert RunSpec(**(record | change)).identity != spec.identity


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": 0},
        {"frames": -5},
        {"frames": 1.5},
        {"seed": -1},
        {"test_episodes": -1},
        {"evaluation_interval": -2},
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SpecError, match=next(iter(wrong))):
        RunSpec(**({"preset": "a.b", "environment": "c:D", "frames": 10} | wrong))


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ([], "not a run specification"),
        ({}, "not a run specification"),
        ({"schema": 99}, "later version of allcore .schema 99, we read up to 1"),
        *(({"schema": schema}, "no version") for schema in (0, -1, 1.0, True, "1", None, [])),
        ({"schema": 1, "preset": "a.b"}, "incomplete"),
        ({"schema": 1, "preset": "a.b", "environment": "c:D", "frames": 1, "colour": 2}, "colour"),
        ({"schema": 1, "preset": "a.b", "environment": "c:D", "frames": "soon"}, "frames"),
        ({"schema": 1, "preset": 1, "environment": "c:D", "frames": 1}, "preset is text"),
        ({"schema": 1, "preset": "a.b", "environment": "c:D", "frames": True}, "frames"),
        (
            {"schema": 1, "preset": "a.b", "environment": "c:D", "frames": 1, "loggers": "csv"},
            "loggers is a list",
        ),
        (
            {"schema": 1, "preset": "a.b", "environment": "c:D", "frames": 1, "wrappers": [1]},
            "wrappers is a list",
        ),
        (
            {"schema": 1, "preset": "a.b", "environment": "c:D", "frames": 1, "versions": []},
            "versions is a table",
        ),
    ],
)
def test_what_is_no_specification_is_refused(record: object, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        RunSpec.from_json(record)
