"""How many threads a run computes and simulates with."""

from __future__ import annotations

import pytest
from torch import nn

from allcore.experiments import threads
from allcore.experiments.threads import MOST_THREADS, SMALL_NETWORK, choose_threads, simulator_threads

SMALL, LARGE = nn.Linear(9, 9), nn.Linear(SMALL_NETWORK, 1)


@pytest.mark.parametrize(
    ("cores", "wish", "small", "large", "simulators"),
    [
        (2, None, 1, 2, 2),
        (16, None, 1, MOST_THREADS, 16),
        (16, "3", 1, 3, 3),
        (2, "8", 1, 2, 2),
        (16, "8", 1, MOST_THREADS, 8),
        (16, "", 1, MOST_THREADS, 16),
        (16, "0", 1, MOST_THREADS, 16),
        (16, "many", 1, MOST_THREADS, 16),
    ],
)
def test_the_rule(
    cores: int,
    wish: str | None,
    small: int,
    large: int,
    simulators: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "available_cores", lambda: cores)
    monkeypatch.delenv("OMP_NUM_THREADS")
    if wish is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", wish)
    assert (choose_threads(SMALL), choose_threads(LARGE), simulator_threads()) == (small, large, simulators)
