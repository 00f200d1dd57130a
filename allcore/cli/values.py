"""What users type after options, and what it means: frames, seeds, `name=value`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from allcore.errors import SpecError

_MULTIPLES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_MOST_SEEDS = 10_000


def parse_frames(text: str) -> int:
    """Read a number of agent steps: `1000`, `250_000`, `1e6`, `2.5M`, `10k`.

    Raises:
        SpecError: It is not a positive whole number.
    """
    number = _whole_number(text)
    if number is None or number < 1:
        raise SpecError(
            f"A number of frames is a positive whole number, not {text!r}.",
            hint="Frames are agent steps. Type them like 250000, 250_000, 1e6, 10k or 2.5M.",
        )
    return number


def parse_interval(text: str) -> tuple[int, int]:
    """Read how far checkpoints are apart: `90s`, `10min` or `2h` by time, `50k` by agent steps, `0` for none.

    Returns:
        Seconds and agent steps, one of which is 0.

    Raises:
        SpecError: It is neither.
    """
    match = re.fullmatch(r"([0-9]+)(s|min|h)", text.strip().lower())
    if match:
        return int(match[1]) * _SECONDS[match[2]], 0
    number = _whole_number(text)
    if number is None or number < 0:
        raise SpecError(
            f"Checkpoints are so much time or so many agent steps apart, and not {text!r}.",
            hint="Type time like 90s, 10min or 2h, agent steps like 50k; 0 writes none.",
        )
    return 0, number


_SECONDS = {"s": 1, "min": 60, "h": 3600}


def _whole_number(text: str) -> int | None:
    # Imported here because it costs every command some milliseconds.
    from decimal import Decimal, InvalidOperation

    match = re.fullmatch(r"([-+0-9._e]+?)([kmg]?)", text.strip().lower())
    try:
        # Decimal is exact where float is not: 1e23 frames would otherwise be another number.
        number = Decimal(match[1]) * _MULTIPLES[match[2]] if match else Decimal("nan")
    except InvalidOperation:
        return None
    # A huge exponent would take minutes to write out.
    if not number.is_finite() or number.adjusted() > 18 or number != number.to_integral_value():
        return None
    return int(number)


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read seeds and ranges of seeds: `0-4,7` are 0, 1, 2, 3, 4 and 7. Each counts once, in the order typed.

    Raises:
        SpecError: It is not such a list.
    """
    seeds: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip(), re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise SpecError(
                f"{part.strip()!r} in --seeds {text!r} is no seed and no range.", hint=_SEEDS_HINT
            )
        if last - first >= _MOST_SEEDS:
            raise SpecError(f"--seeds {text!r} are more than {_MOST_SEEDS:,} seeds.", hint=_SEEDS_HINT)
        seeds.update(dict.fromkeys(range(first, last + 1)))
    return tuple(seeds)


_SEEDS_HINT = "Type them like 0-4 or 0-4,7,11-13: whole numbers of at least 0, the smaller one first."


def parse_assignments(option: str, texts: Iterable[str]) -> dict[str, str]:
    """Read what was typed after a repeatable option such as `--set`.

    Args:
        option: The option, for messages.
        texts: What was typed: `name=value` each.

    Raises:
        SpecError: One has no `=` or no name, or a name occurs twice.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not (name and equals):
            raise SpecError(
                f"{option} takes name=value, not {text!r}.", hint=f"For example: {option} {name or 'lr'}=1e-4"
            )
        if name in values:
            raise SpecError(f"{option} gives {name!r} twice: {values[name]!r} and {value!r}.")
        values[name] = value
    return values


def parse_options(option: str, texts: Iterable[str]) -> dict[str, Any]:
    """Read `name=value` where nothing says which type the value has: what is valid JSON is that, the rest is text.

    Raises:
        SpecError: As for `parse_assignments`.
    """
    return {name: _guess(value) for name, value in parse_assignments(option, texts).items()}


def _guess(text: str) -> Any:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return json.loads(text, parse_constant=lambda _: text)
    except ValueError:
        return text
