"""Run folders with damaged files: each kind of damage by itself (tests/core/test_fuzz.py draws thousands)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from allcore.cli import main
from allcore.errors import LogdirError
from allcore.experiments import plot_returns_100
from allcore.experiments.run_folder import RunFolder
from allcore.experiments.runs import read_run
from allcore.logging import CsvLogger, JsonLinesLogger

RECORD = {"preset": "atari.dqn", "env": "Pong", "seed": 3, "frames": 1000, "frame_skip": 4, "spec": {}}
STATUS = {"state": "finished", "frame": 500, "frames": 1000, "fps": 2.0, "episodes": 7, "seconds_left": 1.5}
CURVE = "frame,mean,std,max,min\n100,1.5,0,2,1\n200,2.5,0,3,2\n"


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Path:
    path = tmp_path / "runs" / "atari.dqn" / "Pong" / "seed3"
    path.mkdir(parents=True)
    (path / "run.json").write_text(json.dumps(RECORD))
    (path / "status.json").write_text(json.dumps(STATUS))
    (path / "returns100.csv").write_text(CURVE)
    return path


def listed(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["runs", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("damage", "seen"),
    [
        ({"frame": float("inf")}, {"frame": 0}),
        ({"frame": -1}, {"frame": 0}),
        ({"frame": "500"}, {"frame": 0}),
        ({"frame": True}, {"frame": 0}),
        ({"frames": float("nan")}, {"frames": 1000.0}),
        ({"frames": 0}, {"frames": 0.0}),
        ({"frames": 10**300}, {"frames": 1e300}),
        ({"fps": "fast"}, {"fps": None}),
        ({"seconds_left": [1]}, {"seconds_left": None}),
        ({"error": {"a": 1}}, {"error": None}),
        ({"state": ["finished"]}, {"state": "interrupted"}),
        ({"state": "asleep"}, {"state": "interrupted"}),
        ({"state": "running", "host": "elsewhere", "updated": "soon"}, {"state": "interrupted"}),
        ({"state": "running", "host": "elsewhere", "updated": "2020-01-01"}, {"state": "interrupted"}),
        ({"state": "running", "host": "elsewhere", "updated": "0001-01-01T00:00:00+23:59"}, {"state": "interrupted"}),
        ({"state": "running", "seconds_left": 1e308}, {}),
    ],
    ids=str,
)  # fmt: skip
def test_an_entry_of_status_json_that_makes_no_sense_counts_as_none(
    damage: dict[str, Any], seen: dict[str, Any], run: Path
) -> None:
    (run / "status.json").write_text(json.dumps({**STATUS, **damage}))
    found = read_run(run)
    assert found is not None
    assert {name: getattr(found, name) for name in seen} == seen
    assert "Pong" in listed()
    assert json.loads(listed("--json"))[0]["env"] == "Pong"


@pytest.mark.parametrize(
    "damage",
    [{"preset": 1}, {"seed": "3"}, {"frames": float("inf")}, {"spec": []}, {"spec": {"hyperparameters": 3}}, {"env": "\ud800"}, {"schema": 2}],
    ids=ascii,
)  # fmt: skip
def test_a_run_whose_run_json_makes_no_sense_is_passed_over(damage: dict[str, Any], run: Path) -> None:
    (run / "run.json").write_text(json.dumps({**RECORD, **damage}))
    assert read_run(run) is None
    assert "No runs" in listed()


def test_names_do_not_steer_the_terminal(run: Path) -> None:
    moved = Path(os.fsdecode(os.fsencode(run) + b"-\xff"))  # a name that is no text
    run.rename(moved)
    (moved / "status.json").write_text(json.dumps({**STATUS, "state": "failed", "error": "\x1b[2Jgone"}))
    shown = listed()
    assert "\\x1b[2Jgone" in shown
    assert "seed3-\\udcff" in shown
    assert "\x1b" not in shown
    assert json.loads(listed("--json"))[0]["error"] == "\x1b[2Jgone"


@pytest.mark.parametrize(
    "content",
    [
        "frame\rmean,std\n1,2\n",
        "frame,mean\n1,2\r3\n",
        "x" * 200_000 + "\n1,2\n",
        "frame,mean\n1,two\n",
        "frame,mean\n\n",
        "frame\n1\n",
        "",
    ],
    ids=ascii,
)
def test_a_csv_file_without_a_last_mean(content: str, run: Path) -> None:
    (run / "returns100.csv").write_text(content, newline="")
    found = read_run(run)
    assert found is not None
    assert found.returns100 is None


@pytest.mark.parametrize(
    "line",
    ["150\r,2,0,0,0", "soon,2,0,0,0", "150,two,0,0,0", "nan,2,0,0,0", "\udcff,\udcff,0,0,0"],
    ids=ascii,
)
def test_a_damaged_curve_is_named(line: str, run: Path) -> None:
    damaged = CURVE.replace("200", f"{line}\n200")
    (run / "returns100.csv").write_text(damaged, newline="", encoding="utf-8", errors="surrogateescape")
    with pytest.raises(LogdirError, match=r"returns100\.csv is damaged"):
        plot_returns_100(run, out=run / "x.png")


def test_a_run_that_goes_on_drops_damaged_rows(run: Path) -> None:
    rows = (
        b"frame,mean,std,max,min\n100,1,0,0,0\nx00,1,0,0,0\n1\xff0,1,0,0,0\n200,1\n" + "²,1,0,0,0\n".encode()
    )
    (run / "returns100.csv").write_bytes(rows + b"9" * 5000 + b",1,0,0,0\n300,1,0,0,0\n")
    (run / "mine.csv").write_bytes(b"frame,\xff\n1,2\n")
    CsvLogger(run).rewind(250)
    assert (run / "returns100.csv").read_text() == "frame,mean,std,max,min\n100,1,0,0,0\n"
    assert (run / "mine.csv").read_bytes() == b"frame,\xff\n1,2\n"  # none of ours


def test_a_run_that_goes_on_drops_damaged_lines(run: Path) -> None:
    good = b'{"frame": 3, "text": "\xc3\xa9"}\n'
    bad = [
        b"[" * 100_000,
        b'{"frame": 1' + b"0" * 400 + b"}",
        b'{"frame": NaN}',
        b"\xff",
        b'{"frame": [1]}',
        b"3",
    ]
    (run / "events.jsonl").write_bytes(b"\n".join([*bad, good]))
    JsonLinesLogger(run).rewind(5)
    assert (run / "events.jsonl").read_bytes() == good


@pytest.mark.parametrize("continued", ["yes", {"a": 1}, 3, None])
def test_what_run_json_says_of_earlier_continuations_may_be_nonsense(continued: Any, tmp_path: Path) -> None:
    command = "run --preset classic.dqn --env CartPole-v1 --frames 60 --test-episodes 0 --quiet --checkpoint-every 30"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("allcore.experiments.checkpoints.Checkpoints.clear", lambda self: None)
        assert CliRunner().invoke(main, [*command.split(), "--set", "hidden=4"]).exit_code == 0
    (path,) = tmp_path.glob("runs/*/*/*")
    (path / "status.json").unlink()
    folder = RunFolder(path)
    folder.write_run({**folder.read_run(), "continued": continued})
    result = CliRunner().invoke(main, ["resume", str(path), "--quiet"])
    assert result.exit_code == 0, result.output
    assert len(folder.read_run()["continued"]) == 1


@pytest.mark.parametrize("threads", [2.0, True, "2", [1], 10**6, None])
def test_threads_that_make_no_sense(threads: Any, run: Path) -> None:
    from allcore.experiments.saved import recorded_threads

    (run / "run.json").write_text(json.dumps({**RECORD, "threads": threads}))
    assert recorded_threads(run) is None


def test_a_name_is_no_formula(run: Path) -> None:
    record = {**RECORD, "env": "$\\frac{$", "preset": "_$x^$", "spec": {"hyperparameters": {"a": "$\\$"}}}
    (run / "run.json").write_text(json.dumps(record))
    figure = plot_returns_100(run, out=run / "x.png")
    assert figure.axes[0].get_title(loc="left") == "$\\frac{$"
    assert figure.legends[0].get_texts()[0].get_text() == "_$x^$ a=$\\$  (1 seed)"
