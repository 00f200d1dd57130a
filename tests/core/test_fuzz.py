"""Damaged files of every kind, at least 10,000 of them: each is loaded as it was, or refused with an error that says so.

What "as it was" means: files with a checksum (saved presets, checkpoints, rows of replays) give every tensor, bit by bit, and every
value; a run goes on from one of its two checkpoints, whole. Specifications, run.json, status.json and CSV have no checksum and are
meant to be edited: a changed one is another valid one, which comes back from JSON as it is, or is refused.

`ALLCORE_FUZZ=20` draws twenty times as many, and `ALLCORE_FUZZ_SEED=7` others.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import shutil
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from allcore.checkpoint import load_tensors, save_tensors
from allcore.cli import main
from allcore.cli.run_specs import specs_from_file
from allcore.errors import AllError, CheckpointError
from allcore.experiments import Outcome, RunSpec, SingleEnvExperiment
from allcore.experiments.checkpoints import Checkpoints
from allcore.experiments.continuation import go_on
from allcore.experiments.experiment import Experiment
from allcore.experiments.run import execute
from allcore.experiments.setup import build
from allcore.logging import DummyLogger
from allcore.memory.saved_rows import SavedRows
from allcore.presets import load_preset

TIMES = int(os.environ.get("ALLCORE_FUZZ", "1"))
SEED = int(os.environ.get("ALLCORE_FUZZ_SEED", "0"))

#: How many of each kind are drawn; 10,000 or more in all.
DRAWN = {
    "preset": 3600,
    "preset, sealed": 400,
    "checkpoint": 1200,
    "checkpoint, sealed": 200,
    "specification": 3600,
    "runs": 700,
    "resume": 150,
    "resume, finished": 150,
    "evaluate": 200,
}

SPEC = RunSpec(
    preset="classic.dqn",
    environment="classic:CartPole-v1",
    frames=150,
    seed=1,
    hyperparameters={"hidden": [8], "replay_start_size": 60, "replay_buffer_size": 80},
    environment_options={"max_episode_steps": 27},
    test_episodes=2,
    checkpoint_frames=50,
    loggers=("core.csv", "core.jsonl"),
)

#: What no file should be able to do anything with.
JUNK: list[Any] = [
    None, True, False, 0, 1, -1, 2**31, 2**63, 10**20, 10**320, 0.5, -0.0, 1e308, float("nan"), float("inf"), "", " ", "a", "0",
    "stranger:make", "gym:stranger:Maze-v0", "stranger", "../../../stranger", "/dev/zero", "\x00", "\ud800", "\x1b[2J", "é" * 300,
    [], {}, [[]], [0], [-1], [10**12], ["stranger:make"], {"a": 1}, {"$tensor": "/x"}, {"schema": 2}, [1] * 500, "<deep>",
]  # fmt: skip
DEEP = "[" * 100_000 + "]" * 100_000

pytestmark = pytest.mark.filterwarnings("ignore")  # of Gymnasium, about options of odd types


class Killed(BaseException):
    """Nobody catches it."""


# ---- damage


def damaged(rng: random.Random, content: bytes) -> bytes:
    """The bytes with one to three things wrong."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place, other = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        if rng.random() < 0.5:
            other = min(place + rng.randrange(1, 20), len(data))
        kind = rng.randrange(9)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << rng.randrange(8)
        elif kind == 1 and place < len(data):
            data[place] = rng.choice(b'\x00\xff\n\r",:{}[]0129-e. ')
        elif kind == 2:
            del data[other:]
        elif kind == 3:
            data[place:place] = rng.randbytes(rng.randrange(1, 9))
        elif kind == 4:
            del data[place:other]
        elif kind == 5:
            data[place:other] = data[place:other] * 2
        elif kind == 6:
            data[place:other] = bytes(other - place)
        elif kind == 7:
            middle = (place + other) // 2
            data[place:other] = data[middle:other] + data[place:middle]
        else:
            _change_number(rng, data)
    return bytes(data)


def _change_number(rng: random.Random, data: bytearray) -> None:
    """Put another size where safetensors has that of its header, or another number where one is written in digits."""
    if rng.random() < 0.3:
        data[:8] = rng.choice((0, 1, 7, len(data), 2**31, 2**40, 2**63, 2**64 - 1)).to_bytes(8, "little")
        return
    digits = [place for place, byte in enumerate(data) if 48 <= byte < 58]
    if digits:
        place = rng.choice(digits)
        number = rng.choice((0, -1, 2, 255, 2**31, 2**62, 10**30))
        data[place : place + 1] = str(number).encode()


def changed(rng: random.Random, value: Any) -> Any:
    """JSON with something else in one place, a key or an element too many or too few, or two of them exchanged."""
    value = json.loads(json.dumps(value))
    places: list[tuple[Any, Any]] = []

    def walk(part: Any) -> None:
        for key in list(part) if isinstance(part, dict) else range(len(part)):
            places.append((part, key))
            if isinstance(part[key], (dict, list)):
                walk(part[key])

    walk(value)
    for _ in range(rng.choice((1, 1, 2))):
        (part, key), (_, _) = rng.choice(places), (0, 0)
        kind = rng.randrange(5)
        with contextlib.suppress(LookupError):  # a second change of what the first one took away
            if kind <= 1:
                part[key] = rng.choice(JUNK)
            elif kind == 2:
                del part[key]
            elif kind == 3 and isinstance(part, dict):
                part[str(rng.choice([*JUNK, "self", "key", "make", "name", "device"]))] = part.pop(key)
            else:
                other, place = rng.choice(places)
                part[key], other[place] = other[place], part[key]
                json.dumps(value)  # not around in a circle
    return value


def as_text(value: Any) -> bytes:
    return json.dumps(value).replace('"<deep>"', DEEP).encode()


def damaged_json(rng: random.Random, content: bytes) -> bytes:
    if rng.random() < 0.4:
        return damaged(rng, content)
    with contextlib.suppress(ValueError, RecursionError):
        return as_text(changed(rng, json.loads(content)))
    return damaged(rng, content)


# ---- what must hold


def draws(kind: str):
    """The random numbers of each draw; whatever fails says which one it was."""
    for number in range(DRAWN[kind] * TIMES):
        seed = f"{kind} {SEED} {number}"
        try:
            yield random.Random(seed)
        except GeneratorExit:
            print(f"It failed with random.Random({seed!r})")
            raise


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def whole(state: Any) -> Any:
    """A copy of all that is in files still, which are about to change."""
    if isinstance(state, SavedRows):
        return state.whole()
    return {key: whole(value) for key, value in state.items()} if isinstance(state, dict) else state


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.stride() == other.stride() and torch.equal(one, other)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


@pytest.fixture(autouse=True)
def _nothing_is_run_and_memory_is_left(tmp_path):
    """A module that anybody could import, and nobody may; and a look at the memory that all of it took."""
    resource = pytest.importorskip("resource")
    (tmp_path / "stranger.py").write_text("from pathlib import Path\nPath('it-ran').touch()\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert "stranger" not in sys.modules
    assert not (tmp_path / "it-ran").exists()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024  # MB, on Linux
    assert grown < 300


@pytest.fixture(scope="session")
def killed(tmp_path_factory):
    """The folder of a run that was killed, with two checkpoints and the rows that they need."""
    logdir, chosen, left = tmp_path_factory.mktemp("fuzz"), Experiment._chosen, iter(range(130))

    def counting(self: Experiment, state: Any) -> Any:
        if next(left, None) is None:
            raise Killed
        return chosen(self, state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Experiment, "_chosen", counting)
        with pytest.raises(Killed):
            execute(SPEC, logdir, quiet=True)
    with warnings.catch_warnings(action="ignore"):
        gc.collect()  # who is killed closes nothing: here, and not in the middle of somebody else's test
    (folder,) = logdir.glob("*/*/*")
    env, preset = build(SPEC)
    preset.save(folder / "preset.safetensors")
    env.close()
    mean_rows = "".join(f"{frame},{frame / 7},1.0,2.0,0.5\n" for frame in range(10, 50, 10))
    (folder / "returns100.csv").write_text(f"frame,mean,std,max,min\n{mean_rows}")
    assert len(list((folder / "checkpoints").glob("*.safetensors"))) > 3
    return folder


@pytest.fixture
def run(killed, tmp_path):
    """A copy of it, at the same depth of a log folder."""
    return Path(shutil.copytree(killed, tmp_path / "runs" / "classic.dqn" / "CartPole-v1" / killed.name))


# ---- files with a checksum


def test_saved_presets(run):
    file = run / "preset.safetensors"
    content, whole = file.read_bytes(), load_tensors(file)
    mine = load_preset(file)
    weights = {name: tensor.clone() for name, tensor in mine.state_dict().items()}
    refused = 0
    for rng in draws("preset"):
        file.write_bytes(bad := damaged(rng, content))
        try:
            assert same(load_tensors(file), whole)
        except CheckpointError:
            refused += 1
            with pytest.raises(CheckpointError):
                load_preset(file)
        assert file.read_bytes() == bad
    assert refused > 0.9 * DRAWN["preset"]
    assert same(dict(mine.state_dict()), weights)


def test_saved_presets_that_somebody_made(run):
    """The checksum fits, what it stands for does not."""
    file = run / "preset.safetensors"
    tensors, metadata = load_tensors(file)
    for rng in draws("preset, sealed"):
        if seal(rng, file, tensors, metadata):
            with contextlib.suppress(AllError):
                load_preset(file)


def seal(rng: random.Random, file: Path, tensors: dict[str, torch.Tensor], metadata: Any) -> bool:
    """Write the file with other tensors or other metadata; say whether that can be written at all."""
    tensors = dict(tensors)
    try:
        if rng.random() < 0.8:
            metadata = changed(rng, metadata)
        else:
            name = rng.choice(list(tensors))
            tensor = tensors.pop(name)
            other = (
                tensor.double(),
                tensor[:0],
                tensor[None],
                torch.zeros(3),
                tensor.flatten()[:1].expand(7),
            )
            tensors[rng.choice((name, "stranger", "../x"))] = rng.choice(other)
        save_tensors(file, tensors, metadata)
    except (CheckpointError, ValueError, IndexError):
        return False
    return isinstance(metadata, dict)


def test_checkpoints(run):
    folder = run / "checkpoints"
    before = snapshot(folder)
    newest = Checkpoints(folder)
    states = [whole(newest.load()[0])]
    newest.files()[0].rename(folder / "aside")
    states.append(whole(Checkpoints(folder).load()[0]))
    (folder / "aside").rename(folder / max(name for name in before if name[0] == "0"))
    outcomes = {"newest": 0, "the one before": 0, "none": 0}
    for rng in draws("checkpoint"):
        name = rng.choice(sorted(before))
        bad = damaged(rng, before[name])
        (folder / name).write_bytes(bad)
        try:
            state, problems = Checkpoints(folder).load()
            assert same(whole(state), states[bool(problems)])
            outcomes["the one before" if problems else "newest"] += 1
        except CheckpointError:
            outcomes["none"] += 1
        assert snapshot(folder) == {**before, name: bad}
        (folder / name).write_bytes(before[name])
    assert min(outcomes.values()) > 0.1 * DRAWN["checkpoint"]


def test_checkpoints_that_somebody_made(run):
    folder = run / "checkpoints"
    newest, *others = Checkpoints(folder).files()
    for path in others:
        path.unlink()
    tensors, metadata = load_tensors(newest)
    env, preset = build(SPEC)
    for rng in draws("checkpoint, sealed"):
        if seal(rng, newest, tensors, metadata):
            experiment = SingleEnvExperiment(preset, env, logger=DummyLogger())
            with contextlib.suppress(AllError):
                go_on(experiment, Checkpoints(folder))
            newest.with_suffix(".damaged").unlink(missing_ok=True)
    env.close()


# ---- files that are edited


def test_specifications(tmp_path):
    file = tmp_path / "spec.json"
    content = as_text(SPEC.to_json())
    context: Any = SimpleNamespace(info_name="run", find_root=lambda: SimpleNamespace(params={"files": ()}))
    read = 0
    for rng in draws("specification"):
        file.write_bytes(damaged_json(rng, content))
        with contextlib.suppress(AllError):
            for spec in specs_from_file(context, file, ()):
                again = RunSpec.from_json(json.loads(json.dumps(spec.to_json(), allow_nan=False)))
                assert (again, again.run_name) == (spec, spec.run_name)
                read += 1
    assert read > 0.05 * DRAWN["specification"]


@pytest.fixture
def call(monkeypatch):
    """Call `all`, which neither trains nor plays; whatever it is given, it says what is wrong and shows no traceback."""

    def found(experiment: Experiment, spec: RunSpec, folder: Any, *_: Any) -> Outcome:
        experiment.logger.close()
        return Outcome(spec=spec, folder=folder.path, state="interrupted")

    monkeypatch.setattr("allcore.experiments.run._see_through", found)
    result = dict.fromkeys(("mean", "std", "max", "min", "mean_length"), 0.0)
    monkeypatch.setattr("allcore.experiments.evaluation.evaluate_in", lambda *_: result)

    def call(*arguments: Any) -> Any:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert "Traceback" not in result.output, result.output
        assert result.exit_code in (0, 1, 2, 130), result.output
        assert result.exit_code in (0, 130) or "Error: " in result.stderr or "Failed: " in result.stderr
        return result

    return call


EDITED = ["run.json", "status.json", "returns100.csv", "episodes.csv", "events.jsonl"]


def damage_one(rng: random.Random, run: Path, whole: dict[str, bytes], names: list[str]) -> dict[str, bytes]:
    name = rng.choice(names)
    damage = damaged_json if name.endswith(".json") else damaged
    bad = {**whole, name: damage(rng, whole[name])}
    (run / name).write_bytes(bad[name])
    return bad


def test_all_runs(run, call):
    whole, shown = snapshot(run), 0
    for rng in draws("runs"):
        bad = damage_one(rng, run, whole, EDITED[:3])
        result = call("runs", "runs", *rng.choice(([], ["--json"])))
        shown += "CartPole" in result.output
        assert snapshot(run) == bad
        for name in EDITED[:3]:
            (run / name).write_bytes(whole[name])
    assert shown > 0.3 * DRAWN["runs"]


def test_all_resume(run, call, tmp_path):
    whole, went_on = snapshot(run), 0
    for rng in draws("resume"):
        bad = damage_one(rng, run, whole, ["run.json", "run.json", *EDITED])
        result = call("resume", run, "--quiet")
        went_on += result.exit_code == 130
        if result.exit_code != 130:
            assert snapshot(run) == bad
        shutil.rmtree(run)
        for name, content in whole.items():
            (run / name).parent.mkdir(parents=True, exist_ok=True)
            (run / name).write_bytes(content)
    assert 0.2 < went_on / (DRAWN["resume"] * TIMES) < 0.95


@pytest.fixture
def finished(tmp_path):
    """The folder of a run that has come to its end."""
    return execute(SPEC, tmp_path / "runs", quiet=True).folder


def test_all_resume_of_a_finished_run(finished, call):
    """Whatever its files say, nobody begins it anew over what it left."""
    run = finished
    whole, told = {name: content for name, content in snapshot(run).items() if name != "lock"}, 0
    for rng in draws("resume, finished"):
        bad = damage_one(rng, run, whole, ["status.json", *EDITED])
        told += call("resume", run, "--quiet").exit_code == 0
        assert {name: (run / name).read_bytes() for name in whole} == bad
        for name, content in whole.items():
            (run / name).write_bytes(content)
    assert 0.3 < told / (DRAWN["resume, finished"] * TIMES) < 0.95


def test_all_evaluate(run, call):
    whole, played = snapshot(run), 0
    for rng in draws("evaluate"):
        bad = damage_one(rng, run, whole, ["run.json", "preset.safetensors"])
        played += call("evaluate", run).exit_code == 0
        assert snapshot(run) == bad
        for name in ("run.json", "preset.safetensors"):
            (run / name).write_bytes(whole[name])
    assert 0.05 < played / (DRAWN["evaluate"] * TIMES) < 0.8


def test_there_are_enough_of_them():
    assert sum(DRAWN.values()) >= 10_000
