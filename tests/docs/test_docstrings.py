"""What docstrings show at the prompt `>>>` is what happens. Fenced examples of hooks are tested in tests/core."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _modules_with_examples():
    packages = [ROOT, *sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir())]
    for folder in packages:
        for path in sorted(folder.glob("all*/**/*.py")):
            if ">>> " in path.read_text(encoding="utf-8"):
                yield ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")


MODULES = list(_modules_with_examples())


def test_there_are_some():
    assert "allcore.keys" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name):
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0
