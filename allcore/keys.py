"""Keys: the names that a user types for whatever plugins registered.

A key is `namespace.name`: `atari.dqn`, `core.csv`, `slurm.array`. Both halves start with a lower-case letter and
go on with lower-case letters, digits, `_` and `-`. The namespace is the plugin's, so plugins cannot collide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from allcore.errors import InvalidKeyError

NAME_GRAMMAR = "lower-case letters, digits, '_' and '-', starting with a letter"

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def is_name(text: object) -> bool:
    """Say whether `text` can be a namespace, or the name of something inside one."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def is_key(text: object) -> bool:
    """Say whether `text` is a full key, `namespace.name`."""
    return isinstance(text, str) and text.count(".") == 1 and all(map(is_name, text.split(".")))


def make_key(namespace: str, name: str) -> str:
    """Join two names to a key.

    Raises:
        InvalidKeyError: One of them does not follow the grammar.
    """
    for what, text in (("namespace", namespace), ("name", name)):
        if not is_name(text):
            raise InvalidKeyError(f"{text!r} is not a {what}: it must be {NAME_GRAMMAR}.")
    return f"{namespace}.{name}"


def split_key(key: str) -> tuple[str, str]:
    """Take a full key apart.

    Returns:
        The namespace and the name.

    Raises:
        InvalidKeyError: It is not a full key.
    """
    if not is_key(key):
        raise InvalidKeyError(f"{key!r} is not a key: it must be 'namespace.name', both {NAME_GRAMMAR}.")
    namespace, _, name = key.partition(".")
    return namespace, name


def nearest(text: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Find the known keys or names that look most like what was typed.

    What follows the last dot is compared on its own as well, so that `dqm` finds `atari.dqn`.

    Args:
        text: What was typed.
        known: What could have been meant.
        count: The most answers to give.

    Returns:
        The likeliest first; empty when nothing is near.
    """
    # Imported here because it is needed only when something went wrong.
    from difflib import SequenceMatcher

    typed = text.strip().casefold()
    typed_name = re.split(r"[./:]", typed)[-1]

    def likeness(candidate: str) -> float:
        whole = candidate.casefold()
        by_whole = SequenceMatcher(None, typed, whole).ratio()
        by_name = SequenceMatcher(None, typed_name, whole.rpartition(".")[2]).ratio()
        # The right name under another namespace is less near than the right namespace with a slip in it.
        by_name *= 0.95 if typed_name == typed else 0.8
        return max(by_whole, by_name)

    scored = sorted((-likeness(candidate), candidate) for candidate in set(known))
    best = -scored[0][0] if scored else 0.0
    # What is much less like it than the best one only distracts from that.
    return [candidate for score, candidate in scored if -score >= max(0.6, best - 0.15)][:count]


def did_you_mean(text: str, known: Iterable[str], count: int = 3) -> str | None:
    """Make the sentence that proposes the nearest names, at most `count`, or None when there is none.

    >>> did_you_mean("atari.dqm", ["atari.dqn", "slurm.array"])
    "Did you mean 'atari.dqn'?"
    """
    found = [repr(name) for name in nearest(text, known, count)]
    if not found:
        return None
    listed = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"
    return f"Did you mean {listed}?"
