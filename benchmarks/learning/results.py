"""The file of one seed: what was run, on what, and what came of it."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allcore.experiments import RunSpec
from allcore.experiments.run_folder import safe_name

#: Where the committed files of every suite lie.
RESULTS = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True, kw_only=True)
class SeedResult:
    """One finished run.

    Attributes:
        spec: the run's specification, as JSON has it.
        hyperparameters: all of them, also those that are the preset's own.
        versions: of Python and of the distributions that took part.
        git: `commit`, and whether tracked files had uncommitted `changes`.
        machine: `system`, `processor`, `cpus`, `threads`.
        seconds: from the start of the process to its end.
        evaluation: of the policy as it was at the end: `return` and `length` of each episode, as lists.
        training: of every training episode `frame` (at its end) and `return`, as lists; raw, not smoothed.
    """

    spec: dict[str, Any]
    hyperparameters: dict[str, Any]
    versions: dict[str, str]
    git: dict[str, Any] | None
    machine: dict[str, Any]
    seconds: float
    evaluation: dict[str, list[float]]
    training: dict[str, list[float]]

    @property
    def seed(self) -> int:
        """The root of the run's random streams."""
        return int(self.spec["seed"])

    @property
    def mean_return(self) -> float:
        """The mean over the final evaluation's episodes: the one number by which the seed counts."""
        returns = self.evaluation["return"]
        return sum(returns) / len(returns)


def group_folder(out: Path, preset: str, environment: str) -> Path:
    """The folder of all seeds of a preset in an environment."""
    return out / safe_name(preset) / safe_name(environment)


def seed_file(folder: Path, seed: int) -> Path:
    """The file of one seed."""
    return folder / f"seed{seed}.json"


def collect(run: Path, seconds: float) -> SeedResult:
    """Read the folder of a finished run.

    Args:
        run: the run's folder; it was evaluated once, at its end.
        seconds: how long its process took.
    """
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    machine = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cpus": record["cpus"],
        "threads": record["threads"],
    }
    return SeedResult(
        spec=record["spec"],
        hyperparameters=record["hyperparameters"],
        versions=record["versions"],
        git=record["git"],
        machine=machine,
        seconds=round(seconds, 1),
        evaluation=_columns(run / "evaluation_episodes.csv", ("return", "length")),
        training=_columns(run / "episodes.csv", ("frame", "return")),
    )


def write(path: Path, result: SeedResult) -> None:
    """Write the file at once or not at all, one line per field."""
    fields = dataclasses.asdict(result).items()
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in fields]
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".json.part")
    unfinished.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    os.replace(unfinished, path)


def read(path: Path) -> SeedResult:
    """Read what `write` wrote."""
    return SeedResult(**json.loads(path.read_text(encoding="utf-8")))


def read_groups(out: Path) -> dict[Path, list[SeedResult]]:
    """All results below `out`: each folder with its seeds in order."""
    groups: dict[Path, list[SeedResult]] = {}
    for path in sorted(out.glob("*/*/seed*.json")):
        groups.setdefault(path.parent, []).append(read(path))
    return {folder: sorted(results, key=lambda result: result.seed) for folder, results in groups.items()}


def difference(result: SeedResult, spec: RunSpec, hyperparameters: dict[str, Any]) -> str:
    """What a result was made with that is not so now; empty if it is of the very same computation.

    The identity of a specification does not know the preset's own values, so all hyperparameters are compared, too. One that there
    was not then, and that is off now, changes nothing.
    """
    now_on = {
        name: value
        for name, value in hyperparameters.items()
        if name in result.hyperparameters or value is not False
    }
    pairs = [(result.hyperparameters, now_on)]
    if RunSpec.from_json(result.spec).identity != spec.identity:
        pairs.append((result.spec, {**spec.to_json(), "versions": result.spec["versions"]}))
    found = []
    for then, now in pairs:
        now = json.loads(json.dumps(now))  # as in the file, where tuples are lists
        names = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
        found += [f"{name} {then.get(name)} instead of {now.get(name)}" for name in names]
    return ", ".join(found)


def _columns(path: Path, names: tuple[str, ...]) -> dict[str, list[float]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [_number(row[name]) for row in rows] for name in names}


def _number(text: str) -> float:
    """The number, without a fraction where it has none: a third shorter in the file."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _processor() -> str:
    """The processor's name, on which the last bits of a result may depend."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
