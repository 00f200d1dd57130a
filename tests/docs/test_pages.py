"""What the README and the pages of tutorial, how-to and explanation show is run, in order, page by page.

- ```` ```python title="FILE.py" ```` is written to that file, and what follows may use it.
- `data-from="examples/FILE.py"` says that the block is a part of that file, which is then there to be used.
- Any other ```` ```python ```` is executed; a ```` ```text ```` right behind it is what it prints.
- In ```` ```console ```` each line after `$ ` is a command, and the lines below it are among what it says, in that order.
  Digits and the letters of a run's hash may differ, and `...` stands for anything.
- Training is cut short: what a page shows of it must be true of any length.
- `data-not-run="why"` leaves a block alone, `data-dry-run="why"` adds `--dry-run` to its runs, `data-exit="2"` says how
  its last command ends.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(
        page
        for name in ("tutorial", "how-to", "explanation")
        for page in sorted((ROOT / "docs" / name).glob("*.md"))
    ),
]
PAGES += [ROOT / "docs/index.md"]

#: The longest training here, in agent steps: the presets for small tasks begin to learn after 1,000.
MOST_FRAMES = 1100
FEWER_FRAMES = 300  # where there are several seeds

#: Commands that need no shell of their own.
HARMLESS = ("cat", "ls", "head", "mkdir", "cp")


@pytest.fixture(autouse=True)
def _clean():
    """Forget plugin files, modules and folders of this page."""
    from allcore import plugins

    modules, path = set(sys.modules), list(sys.path)
    yield
    plugins.reset()
    here = str(Path.cwd())
    for name in set(sys.modules) - modules:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(here):
            del sys.modules[name]
    sys.path[:] = path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page, read_blocks, monkeypatch):
    namespace = {"__name__": "__page__"}
    found = read_blocks(page)
    for block, following in pairwise([*found, None]):
        place = f"{page.relative_to(ROOT)}:{block.line}"
        if "data-not-run" in block.attributes:
            assert block.attributes["data-not-run"], f"{place}: say why it is not run"
        elif file := block.attributes.get("data-from"):
            content = (ROOT / file).read_text(encoding="utf-8")
            assert block.code in content, f"{place} is no part of {file}"
            Path(Path(file).name).write_text(content)
        elif block.language == "python":
            _python(block, following, namespace, place)
        elif block.language == "console":
            _console(block, place, monkeypatch)
    for command in _indented_commands(page):
        _all(command, f"{page.name}: {command}", dry_run=True)


def _python(block, following, namespace, place):
    if title := block.attributes.get("title"):
        Path(title).parent.mkdir(parents=True, exist_ok=True)
        Path(title).write_text(block.code)
        return
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block.code, place, "exec"), namespace)
    if following is not None and following.language == "text":
        _compare(following.code, out.getvalue(), place)


def _console(block, place, monkeypatch):
    commands = re.split(r"(?m)^\$ ", block.code)
    assert not commands[0].strip(), f"{place}: a console begins with a command, '$ ...'"
    for number, part in enumerate(commands[1:], start=1):
        line, _, expected = part.partition("\n")
        while line.endswith("\\"):
            more, _, expected = expected.partition("\n")
            line = line[:-1] + more
        is_last = number == len(commands) - 1
        code = int(block.attributes.get("data-exit", 0)) if is_last else 0
        with monkeypatch.context() as patch:
            output = _command(
                shlex.split(line, comments=True), place, "data-dry-run" in block.attributes, code, patch
            )
        _compare(expected, output, f"{place}: {line}")


def _command(words, place, dry_run, code, patch):
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        patch.setenv(*words.pop(0).split("=", 1))
    if words[0] == "all":
        return _all(words[1:], f"{place}: {' '.join(words)}", dry_run=dry_run, code=code)
    if words[0] == "cd":
        os.chdir(words[1])  # the test's own working folder is put back after it
        return ""
    assert words[0] in HARMLESS, f"{place}: nobody here runs {words[0]!r}; mark the block data-not-run"
    command = [name for word in words for name in (_matches(word) if "*" in word else [word])]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _matches(pattern):
    return sorted(map(str, Path().glob(pattern))) or [pattern]


def _all(words, place, *, dry_run=False, code=0):
    from allcore import plugins
    from allcore.cli import main

    plugins.reset()
    if "run" in words:
        words = [*_cut_short(words), *(["--dry-run"] if dry_run and "--dry-run" not in words else [])]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == code, f"{place} exits with {result.exit_code}:\n{result.output}"
    return result.output


def _cut_short(words):
    """The same run with few frames and few games."""
    most = FEWER_FRAMES if "--seeds" in words else MOST_FRAMES
    words = list(words)
    for option, value in (("--frames", str(most)), ("--test-episodes", "2")):
        if option in words:
            words[words.index(option) + 1] = value
        elif "--spec" not in words:
            words += [option, value]
    return words


def _indented_commands(page):
    """The commands of a page whose code is indented, as in the README."""
    text = re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))
    return [shlex.split(line)[1:] for line in re.findall(r"(?m)^    (all [\w-].*)$", text)]


def _compare(expected, output, place):
    """Find each line that is expected in the output, in order."""
    lines = iter([_normal(line) for line in output.splitlines()])
    for line in expected.splitlines():
        pattern = ".*".join(re.escape(part) for part in _normal(line).split("..."))
        if pattern not in ("", ".*"):
            assert any(re.fullmatch(pattern, found) for found in lines), (
                f"{place} does not say {line!r}, but\n{output}"
            )


def _normal(line):
    """A line without what may differ: numbers, hashes, and the width of columns."""
    line = re.sub(r"\b[0-9a-f]{8}\b", "#", line)
    line = re.sub(r"-?\d[\d,]*(\.\d+)?(k\b)?", "#", line)
    return re.sub(r"\s+|-{3,}", " ", line).strip()
