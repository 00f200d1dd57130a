"""Reading pages: the blocks of code in them, and running what they show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"(?P<indent> *)```(?P<info>[^`]*)$")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


@dataclass(frozen=True)
class Block:
    """A piece of code on a page.

    `language` is `python`, `console`, `text`, ...; `attributes` is what stands behind it in the fence, such as
    `title="own_agent.py"`. A fence with attributes of ours is written ``` {.console data-not-run="why"}.
    """

    language: str
    attributes: dict[str, str]
    code: str
    line: int


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page; in a page without fences, its indented commands as consoles."""
    found, opened = [], None
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        match = _FENCE.match(line)
        if opened is None and match:
            opened = (number, match["indent"], match["info"].strip(), [])
        elif opened is not None and match and not match["info"].strip():
            start, indent, info, code = opened
            language = re.match(r"\{? *\.?(\w*)", info)[1]
            text = "\n".join(part.removeprefix(indent) for part in code) + "\n"
            found.append(Block(language, dict(_ATTRIBUTE.findall(info)), text, start))
            opened = None
        elif opened is not None:
            opened[3].append(line)
    assert opened is None, f"{page}: the fence of line {opened[0]} is not closed"
    return found


@pytest.fixture(scope="session")
def read_blocks():
    return blocks


@pytest.fixture(scope="session")
def root():
    return ROOT
