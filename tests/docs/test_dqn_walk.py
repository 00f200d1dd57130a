"""The walk through DQN in docs/explanation is short, and it is the way that a run takes."""

import re
import sys
from pathlib import Path

from click.testing import CliRunner

from allcore.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/dqn-end-to-end.md").read_text(encoding="utf-8")

#: (file, function) in the order of the page.
WALK = re.findall(r"(?m)^\d+\. `([\w/.-]+\.py)`, `(\w+)`", PAGE)

MOST_FILES, MOST_LINES = 14, 1550
MOST_FILES_OF_THE_ALGORITHM = 6


def test_the_walk_is_short():
    files = [file for file, _ in WALK]
    assert len(files) == len(set(files))
    assert len(files) <= MOST_FILES
    lines = {file: len((ROOT / file).read_text().splitlines()) for file in files}
    assert sum(lines.values()) <= MOST_LINES, lines


def test_the_algorithm_is_shorter():
    first, last = map(int, re.search(r"six of these: (\d+) to (\d+)", PAGE).groups())
    algorithm = [file for file, _ in WALK[first - 1 : last]]
    assert len(algorithm) <= MOST_FILES_OF_THE_ALGORITHM
    assert algorithm[0].endswith("agents/dqn.py")
    assert algorithm[-1].endswith("approximation/approximation.py")


def test_a_run_takes_this_way():
    wanted = {(str(ROOT / file), function): index for index, (file, function) in enumerate(WALK)}
    calls = []

    def note(frame, event, _):
        code = frame.f_code
        index = wanted.get((code.co_filename, code.co_name))
        if event == "call" and index is not None and index not in calls:
            calls.append(index)

    command = "run --preset classic.dqn --env CartPole-v1 --frames 40 --test-episodes 1 --quiet"
    sys.setprofile(note)
    try:
        result = CliRunner().invoke(main, [*command.split(), "--set", "replay_start_size=20"])
    finally:
        sys.setprofile(None)
    assert result.exit_code == 0, result.output
    assert [WALK[index] for index in calls] == WALK


def test_each_line_of_code_that_the_page_quotes_is_there():
    sources = "".join((ROOT / file).read_text() for file, _ in WALK)
    quoted = re.findall(r"(?m)^\| `(.+?)` (?:in the composition )?\|", PAGE)
    assert len(quoted) == 6
    for code in quoted:
        assert (
            code.replace("target_update_frequency", "hp.target_update_frequency", 1) in sources
            or code in sources
        )
