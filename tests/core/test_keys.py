"""The grammar of keys, and what is proposed for a key that does not exist."""

import re
import string

import pytest
from hypothesis import given, strategies as st

from allcore.errors import InvalidKeyError
from allcore.keys import did_you_mean, is_key, is_name, make_key, nearest, split_key

NAMES = st.from_regex(r"[a-z][a-z0-9_-]*", fullmatch=True)
KNOWN = ["atari.dqn", "atari.ppo", "classic.dqn", "slurm.array"]


@given(NAMES, NAMES)
def test_joining_and_splitting_are_inverse(namespace, name):
    assert split_key(make_key(namespace, name)) == (namespace, name)


@given(st.text(alphabet=string.printable, max_size=8) | st.text(max_size=4))
def test_a_name_is_lower_case_letters_digits_underscores_and_hyphens(text):
    allowed = set(string.ascii_lowercase + string.digits + "_-")
    assert is_name(text) == (bool(text) and set(text) <= allowed and text[0] in string.ascii_lowercase)


@pytest.mark.parametrize(
    "text", ["", "dqn", "atari.", ".dqn", "atari.dqn.x", "Atari.dqn", "atari dqn", "atari.dqn\n"]
)
def test_what_is_not_a_key(text):
    assert not is_key(text)
    with pytest.raises(InvalidKeyError, match=re.escape(repr(text))):
        split_key(text)


@pytest.mark.parametrize(("namespace", "name"), [("Atari", "dqn"), ("atari", "1"), ("atari", "é")])
def test_a_key_is_made_of_names(namespace, name):
    with pytest.raises(InvalidKeyError):
        make_key(namespace, name)


def test_other_types_are_no_names():
    assert not is_name(None)
    assert not is_key(3)


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("atari.dqm", ["atari.dqn"]),
        ("dqm", ["atari.dqn", "classic.dqn"]),
        ("Atari.DQN", ["atari.dqn"]),
        ("atari/ppo", ["atari.ppo"]),
        ("slurm.aray", ["slurm.array"]),
        ("entirely-else", []),
    ],
)
def test_the_nearest_keys(typed, proposed):
    assert nearest(typed, KNOWN) == proposed


def test_no_more_than_asked_for():
    assert nearest("a", ["a1", "a2", "a3", "a4"], count=2) == ["a1", "a2"]


def test_the_sentence():
    assert did_you_mean("atari.dqm", KNOWN) == "Did you mean 'atari.dqn'?"
    assert did_you_mean("dqm", KNOWN) == "Did you mean 'atari.dqn' or 'classic.dqn'?"
    assert did_you_mean("a", ["a1", "a2", "a3"]) == "Did you mean 'a1', 'a2' or 'a3'?"
    assert did_you_mean("entirely-else", KNOWN) is None
    assert did_you_mean("anything", []) is None


@given(st.text(max_size=10))
def test_only_known_keys_are_proposed(text):
    assert set(nearest(text, KNOWN)) <= set(KNOWN)
