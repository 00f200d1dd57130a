"""Frames, seeds and assignments mean what users think, and nothing else is accepted."""

import pytest
from hypothesis import given, strategies as st

from allcore.cli.values import parse_assignments, parse_frames, parse_options, parse_seeds
from allcore.errors import SpecError


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1", 1),
        ("1000", 1000),
        ("1e6", 1_000_000),
        ("1E6", 1_000_000),
        ("2.5e3", 2500),
        ("1_000_000", 1_000_000),
        ("10k", 10_000),
        ("2.5M", 2_500_000),
        ("1g", 1_000_000_000),
        (" 5 ", 5),
        # As a float this would be 9007199254740992.
        ("9007199254740993", 9007199254740993),
    ],
)
def test_frames(text, frames):
    assert parse_frames(text) == frames


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-5",
        "1.5",
        "0.0001k",
        "",
        "k",
        "abc",
        "nan",
        "inf",
        "1e400",
        "1e-3",
        "--5",
        "1 000",
        "0x10",
        "1e",
    ],
)
def test_what_is_no_number_of_frames(text):
    with pytest.raises(SpecError, match="positive whole number"):
        parse_frames(text)


@given(st.integers(1, 10**15))
def test_frames_in_any_writing(number):
    assert parse_frames(str(number)) == parse_frames(f"{number:_}") == parse_frames(f"{number}e0") == number


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0", (0,)),
        ("0-4", (0, 1, 2, 3, 4)),
        ("0-2,7", (0, 1, 2, 7)),
        ("7, 0-1", (7, 0, 1)),
        ("3-3", (3,)),
        ("0-2,1-3", (0, 1, 2, 3)),
    ],
)
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text", ["", ",", "4-0", "-1", "1-", "a", "1.5", "0-4-8", "0..4", "1,,2", "0-10000", "0-99999999999", "²"]
)
def test_what_are_no_seeds(text):
    with pytest.raises(SpecError, match="--seeds"):
        parse_seeds(text)


@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True))
def test_listed_seeds_come_back(seeds):
    assert parse_seeds(",".join(map(str, seeds))) == tuple(seeds)


def test_assignments_keep_their_text():
    assert parse_assignments("--set", ["lr=3e-4", "name=a=b", "empty="]) == {
        "lr": "3e-4",
        "name": "a=b",
        "empty": "",
    }


@pytest.mark.parametrize("texts", [["lr"], ["=1"], ["lr=1", "lr=2"], [""]])
def test_what_is_no_assignment(texts):
    with pytest.raises(SpecError, match="--set"):
        parse_assignments("--set", texts)


def test_options_are_what_json_says_and_else_text():
    texts = [
        "a=1",
        "b=0.25",
        "c=true",
        "d=False",
        "e=None",
        'f="1"',
        "g=hello",
        "h=[1,2]",
        "i=NaN",
        "j=1_000",
    ]
    assert parse_options("--env-set", texts) == {
        "a": 1,
        "b": 0.25,
        "c": True,
        "d": False,
        "e": None,
        "f": "1",
        "g": "hello",
        "h": [1, 2],
        "i": "NaN",
        "j": "1_000",
    }
