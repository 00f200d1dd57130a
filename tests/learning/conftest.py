"""The scripts of benchmarks/learning, which are no package."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

LEARNING = Path(__file__).resolve().parents[2] / "benchmarks" / "learning"


@pytest.fixture(scope="session")
def scripts():
    """The modules, by name: `scripts.iqm`, `scripts.verdict`, ..."""
    names = [path.stem for path in LEARNING.glob("*.py")]
    sys.path.insert(0, str(LEARNING))
    try:
        return SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    finally:
        sys.path.remove(str(LEARNING))
        # Another folder of scripts may have a run.py, too.
        for name in names:
            sys.modules.pop(name, None)
