"""What a finished run left behind, as one digest for each thing; two runs are equal if all digests are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from worker import STATE_FILE

#: Files that hold no clock: equal to the last byte.
FILES = ("preset.safetensors", "episodes.csv", "returns100.csv", "evaluations.csv", "evaluation_episodes.csv")


def digests(run: Path, state_file: Path | None) -> dict[str, str]:
    """The digest of each thing by its name.

    Args:
        run: the folder of a finished run.
        state_file: the whole training state at its end, where it was kept.
    """
    found = {name: _digest_of(run / name) for name in FILES}
    found["events.jsonl"] = _digest(_lines(run / "events.jsonl"))
    found["TensorBoard"] = _digest(_scalars(run))
    if state_file is not None:
        found[STATE_FILE] = _digest_of(state_file)
    return found


def leftovers(run: Path) -> list[str]:
    """What a finished run should not have left: checkpoints, and files that were half-written."""
    found = {*run.glob("checkpoints/*"), *run.glob("*.tmp"), *run.glob(".*")}
    return sorted(str(path.relative_to(run)) for path in found)


def _digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else "missing"


def _digest(records: Iterable[Any]) -> str:
    text = "\n".join(json.dumps(record) for record in records)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    """Every event, but for what the clock says."""
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if not str(record.get("name", "")).startswith("timing/"):
            yield {key: value for key, value in record.items() if key not in ("time", "seconds")}


def _scalars(run: Path) -> list[tuple[str, int, float]]:
    """What TensorBoard shows: a later file takes back what earlier ones said of frames that came again."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    shown: list[tuple[str, int, float]] = []
    for path in sorted(run.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(path)).Load():
            if event.HasField("session_log"):
                shown = [scalar for scalar in shown if scalar[1] < event.step]
            for value in event.summary.value:
                if not value.tag.startswith("timing/"):
                    shown.append((value.tag, event.step, value.tensor.float_val[0]))
    return shown
