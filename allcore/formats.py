"""The formats of our files: which version each kind has, how an older one becomes the newest, and which JSON is accepted.

Every file from which a run goes on, or from which something is loaded, says the version of its format, from the first one on:

| kind            | written by                         | where the number stands        |
|-----------------|------------------------------------|--------------------------------|
| `specification` | `RunSpec.to_json`                  | its entry `schema`             |
| `run`           | `allcore.experiments.run_record`   | the entry `schema` of run.json |
| `tensors`       | `allcore.checkpoint.save_tensors`  | first word of its header       |

(`tensors` are checkpoints, the rows of replays and saved presets.) Files that only tell how a run is doing, or where it was
submitted (`status.json`, `submission.json`), are read entry by entry, and an entry that makes no sense counts as none. A format that changes so that older code would misread a
new file gets the next number in `VERSIONS`, and the way from the number before it a function in `MIGRATIONS`. Nothing else
need be touched: whoever reads a file calls `migrated`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from allcore.errors import AllError

#: The newest version of each kind of file: what we write.
VERSIONS: dict[str, int] = {"specification": 1, "run": 1, "tensors": 1}

#: By kind and version: makes the content of the next version. It is given a dict (for `tensors`: `metadata`, `layouts`, `aliases`
#: and `tensors` by name), which it may change. Empty, as every kind is at its first version.
MIGRATIONS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}

#: What to do about a file of a later version.
UPGRADE = "Upgrade: pip install --upgrade allcore"

#: JSON that is nested more deeply is nobody's; Python itself gives up at about a thousand levels.
MOST_LEVELS = 100

#: Larger whole numbers do not fit into a `float`, and nothing that we count reaches them.
LARGEST = 2**1000


def migrated(
    kind: str, version: Any, content: dict[str, Any], *, source: Any, error: type[AllError]
) -> dict[str, Any]:
    """The content of a file as the newest version of its kind has it.

    Args:
        kind: one of `VERSIONS`.
        version: what the file says.
        content: what stands in it.
        source: the file, for messages.
        error: the class of the errors.

    Raises:
        AllError: of class `error`: there is no such version (yet), or the content is not that version's.
    """
    newest = VERSIONS[kind]
    if type(version) is not int or version < 1:
        raise error(f"{source} has no version of its format that we know: schema {version!r}")
    if version > newest:
        raise error(
            f"{source} was written by a later version of allcore (schema {version}, we read up to {newest})",
            hint=UPGRADE,
        )
    for step in range(version, newest):
        try:
            content = MIGRATIONS[kind, step](content)
        except (LookupError, TypeError, ValueError, AttributeError) as problem:
            raise error(f"{source} is damaged: it is not what schema {step} says ({problem!r})") from problem
    return content


def read_json(content: str | bytes, *, finite: bool = False) -> Any:
    """What JSON from a file says, if every part of the program can deal with it.

    Args:
        content: the text.
        finite: refuse `NaN` and `Infinity`, which Python writes and JSON does not have.

    Raises:
        ValueError: it is no JSON, nested too deeply, or has a number or a text that cannot be converted or printed.
    """
    try:
        value = json.loads(content, parse_constant=_refuse if finite else None)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    check_json(value)
    return value


def check_json(value: Any, levels: int = MOST_LEVELS) -> None:
    """Refuse values that `read_json` would not give back.

    Raises:
        ValueError: they are nested too deeply, or there is a number or a text that cannot be converted or printed.
    """
    if isinstance(value, str):
        value.encode()  # half of a pair of surrogates is no character: a terminal or a file does not take it
    elif isinstance(value, int) and abs(value) >= LARGEST:
        raise ValueError("it holds a number of more than 300 digits")
    elif isinstance(value, (dict, list, tuple)):
        if levels == 0:
            raise ValueError("it is nested too deeply")
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            check_json(part, levels - 1)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
