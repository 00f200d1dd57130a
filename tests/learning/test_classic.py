"""Presets for classic control learn; the full measurement is in benchmarks/learning."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from allcore.experiments import RunSpec
from allcore.experiments.run import execute

pytestmark = pytest.mark.learning

#: Five times what random actions reach (22).
CARTPOLE_LEAST = 110.0


def test_dqn_balances_the_pole(scripts, tmp_path):
    means = []
    for seed in range(3):
        spec = RunSpec(
            preset="classic.dqn", environment="CartPole-v1", frames=20_000, seed=seed, test_episodes=20
        )
        outcome = execute(spec, tmp_path, quiet=True)
        with (outcome.folder / "evaluations.csv").open(encoding="utf-8", newline="") as file:
            (row,) = csv.DictReader(file)
        means.append(float(row["mean"]))
    low, _ = scripts.iqm.bootstrap_interval(np.array(means))
    assert low >= CARTPOLE_LEAST, f"mean returns of the seeds: {means}"
