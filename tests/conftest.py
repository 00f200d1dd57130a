"""What holds for every test: one thread, no settings of the user's, a home and a working folder of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything imports torch: with several threads the last bits of a sum depend on the machine.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

# Nobody sees a window in a test, and the machine that runs it may have no screen.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("MPLBACKEND", "agg")

# Shared machines pause at odd moments, so no example has a deadline; CI draws the same examples every time.
settings.register_profile("allcore", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("allcore")


@pytest.fixture(scope="session")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _isolated(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, _home: Path
) -> None:
    """Hide the user's settings, and let relative paths such as `runs` point into the test's own folder."""
    for name in list(os.environ):
        if name.startswith(("ALL_", "SLURM_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    # An installation from a package index needs the user's own settings of pip.
    if request.node.get_closest_marker("system") is None:
        for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            monkeypatch.setenv(name, str(_home))


@pytest.fixture(autouse=True)
def _same_threads_afterwards():
    """A run chooses its own thread count; the next test must not inherit it."""
    before = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else 1
    yield
    if "torch" in sys.modules and sys.modules["torch"].get_num_threads() != before:
        sys.modules["torch"].set_num_threads(before)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs CUDA where there is none, so that the marker alone is enough."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
