"""What became of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from allcore.experiments.spec import RunSpec


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a run.

    Attributes:
        spec: the run.
        folder: where its files lie.
        state: `finished`, `already finished`, `interrupted`, `failed` or `submitted`.
        message: why, in a sentence, where that is not plain.
    """

    spec: RunSpec
    folder: Path
    state: str
    message: str = ""
