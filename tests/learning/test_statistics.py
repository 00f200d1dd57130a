"""The statistics and verdicts of benchmarks/learning, by hand and against slow and obvious versions."""

from __future__ import annotations

import dataclasses
import json
import sys

import numpy as np
import pytest
from hypothesis import given, strategies as st

from allcore.experiments import RunSpec

SPEC = RunSpec(preset="classic.dqn", environment="classic:CartPole-v1", frames=1000)
RETURNS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=13)


@pytest.fixture
def make(scripts):
    """A result whose evaluation has these returns."""

    def make(seed, returns, *, frames=1000, lr=1e-3, **more):
        return scripts.results.SeedResult(
            spec=json.loads(json.dumps(dataclasses.replace(SPEC, seed=seed, frames=frames).to_json())),
            hyperparameters={"lr": lr, "hidden": [8, 8], **more},
            versions={"python": "3.11.7"},
            git={"commit": "0123456789", "changes": False},
            machine={"system": "Linux", "processor": "some", "cpus": 2, "threads": 1},
            seconds=1.5,
            evaluation={"return": returns, "length": returns},
            training={"frame": [20, 510, 1000], "return": [20, 490, 490]},
        )

    return make


@pytest.fixture
def bar(scripts):
    return scripts.bars.Bar(least=10.0, frames=1000, seeds=(0, 1, 2, 3), episodes=2, source="a test")


# The interquartile mean


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7.0], 7.0),
        ([3.0, 1.0], 2.0),
        # Of three, 1.5 count: the middle one, and a quarter of each other: (1/4 + 4 + 40/4) / 1.5.
        ([40.0, 1.0, 4.0], 9.5),
        # Four: the middle two.
        ([100.0, 2.0, 4.0, -100.0], 3.0),
        # Ten: half of the third and of the eighth, and the four between: (1 + 4 + 5 + 6 + 7 + 9) / 5.
        ([0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 7.0, 18.0, 99.0, 999.0], 6.4),
    ],
)
def test_iqm_by_hand(scripts, values, expected):
    assert scripts.iqm.interquartile_mean(np.array(values)) == pytest.approx(expected, abs=1e-12)


@given(values=RETURNS)
def test_iqm_is_the_trimmed_mean_of_four_copies(scripts, values):
    number = len(values)
    middle = sorted(values * 4)[number : 3 * number]
    expected = sum(middle) / len(middle)
    assert scripts.iqm.interquartile_mean(np.array(values)) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_iqm_of_rows(scripts):
    rows = np.array([[1.0, 2.0, 3.0, 9.0], [8.0, 0.0, 4.0, 5.0]])
    assert scripts.iqm.interquartile_mean(rows).tolist() == [2.5, 4.5]


def test_iqm_of_nothing(scripts):
    with pytest.raises(ValueError, match="no values"):
        scripts.iqm.interquartile_mean(np.array([]))


# The interval


def test_interval_of_two_seeds(scripts):
    """A quarter of the resamples is the lower seed twice, a quarter the higher one twice."""
    assert scripts.iqm.bootstrap_interval(np.array([10.0, 20.0])) == (10.0, 20.0)
    assert scripts.iqm.bootstrap_interval(np.array([10.0, 20.0]), confidence=0.4) == (15.0, 15.0)


def test_interval_against_a_plain_bootstrap(scripts):
    values = np.array([18.7, 500.0, 500.0, 480.0, 430.0, 499.0, 470.0, 500.0, 350.0, 490.0])
    generator = np.random.default_rng(1)
    means = []
    for _ in range(4000):
        drawn = np.sort(np.repeat(generator.choice(values, size=10), 4))
        means.append(drawn[10:30].mean())
    low, high = scripts.iqm.bootstrap_interval(values)
    assert low == pytest.approx(np.quantile(means, 0.025), abs=6.0)
    assert high == pytest.approx(np.quantile(means, 0.975), abs=2.0)
    assert scripts.iqm.bootstrap_interval(values) == (low, high)


# The verdict


def test_the_lower_end_decides(scripts, make, bar):
    good = scripts.verdict.judge([make(seed, [10, 12]) for seed in range(4)], bar)
    assert (good.iqm, good.low, good.high, good.passed) == (11.0, 11.0, 11.0, True)
    exact = scripts.verdict.judge([make(seed, [9, 11]) for seed in range(4)], bar)
    assert exact.passed is True
    uneven = scripts.verdict.judge(
        [make(seed, [mean, mean]) for seed, mean in enumerate([5, 12, 12, 12])], bar
    )
    assert uneven.iqm == 12.0
    assert uneven.low < 10.0
    assert uneven.passed is False
    assert uneven.text == "**failed**"


def test_where_the_bar_says_so_the_mean_decides(scripts, make, bar):
    by_mean = dataclasses.replace(bar, by_mean=True)
    for last, passed in ((2, True), (1, False)):  # means of 10.0 and 9.75 against the bar of 10
        results = [make(seed, [mean, mean]) for seed, mean in enumerate([12, 13, 13, last])]
        assert scripts.verdict.judge(results, bar).passed is False
        assert scripts.verdict.judge(results, by_mean).passed is passed


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (lambda results, make: results[:3], "seeds 3 are missing"),
        (lambda results, make: [*results, make(7, [50, 50])], "seeds 7 are too many"),
        (lambda results, make: [*results[:3], make(3, [50])], "other than 2 evaluation episodes"),
        (lambda results, make: [*results[:3], make(3, [50, 50], lr=1.0)], "trained in different ways"),
        (
            lambda results, make: [make(seed, [50, 50], frames=1001) for seed in range(4)],
            "more than 1,000 frames",
        ),
    ],
)
def test_nothing_passes_outside_the_protocol(scripts, make, bar, change, objection):
    results = [make(seed, [50, 50]) for seed in range(4)]
    assert scripts.verdict.judge(results, bar).passed is True
    verdict = scripts.verdict.judge(change(results, make), bar)
    assert verdict.low > bar.least
    assert verdict.passed is False
    assert objection in verdict.text


def test_a_hyperparameter_that_is_off_is_as_one_that_there_was_not(scripts, make, bar):
    results = [*(make(seed, [50, 50]) for seed in range(3)), make(3, [50, 50], compiled=False)]
    assert scripts.verdict.judge(results, bar).passed is True
    results[3] = make(3, [50, 50], compiled=True)
    assert scripts.verdict.judge(results, bar).passed is False


def test_without_a_bar_nothing_fails(scripts, make):
    verdict = scripts.verdict.judge([make(0, [1, 2])], None)
    assert (verdict.passed, verdict.text) == (None, "no bar")


def test_the_report_shows_every_seed(scripts, make, tmp_path, capsys):
    key = (SPEC.preset, SPEC.environment)
    bar = scripts.bars.Bar(least=10.0, frames=1000, seeds=(0, 1, 2), episodes=2, source="a test")
    folder = scripts.results.group_folder(tmp_path, SPEC.preset, "CartPole-v1")
    for seed, mean in ((0, 30), (1, 3), (2, 31)):
        scripts.results.write(scripts.results.seed_file(folder, seed), make(seed, [mean, mean]))
    assert scripts.verdict.report(tmp_path, {key: bar}) == 1
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out.splitlines()[0] in text
    assert "| 1 | 3.0 | 0.0 | 3 | 3 | 2 | below the bar |" in text
    assert text.count("below the bar") == 1
    assert (folder / "learning.png").read_bytes().startswith(b"\x89PNG")
    scripts.results.write(scripts.results.seed_file(folder, 1), make(1, [29, 29]))
    assert scripts.verdict.report(tmp_path, {key: bar}) == 0


# The files


def test_a_file_says_what_was_written(scripts, make, tmp_path):
    path = tmp_path / "new" / "seed10.json"
    scripts.results.write(path, make(10, [1, 2]))
    assert scripts.results.read(path) == make(10, [1, 2])
    assert [file.name for file in path.parent.iterdir()] == ["seed10.json"]
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2 + len(json.loads(path.read_bytes()))


def test_seeds_are_read_in_order(scripts, make, tmp_path):
    for seed in (10, 2, 0):
        scripts.results.write(tmp_path / "preset" / "env" / f"seed{seed}.json", make(seed, [1]))
    (results,) = scripts.results.read_groups(tmp_path).values()
    assert [result.seed for result in results] == [0, 2, 10]


def test_a_result_of_something_else_is_told_apart(scripts, make):
    result, spec = make(3, [1, 2]), dataclasses.replace(SPEC, seed=3)
    hyperparameters = {"lr": 1e-3, "hidden": (8, 8)}
    difference = scripts.results.difference
    assert difference(result, spec, hyperparameters) == ""
    assert difference(result, dataclasses.replace(spec, versions={"torch": "9"}), hyperparameters) == ""
    assert difference(result, spec, {**hyperparameters, "lr": 2.0}) == "lr 0.001 instead of 2.0"
    longer = dataclasses.replace(spec, frames=2000)
    assert difference(result, longer, hyperparameters) == "frames 1000 instead of 2000"


def test_a_curve_is_the_mean_over_spans_of_frames(scripts):
    frames, means = scripts.plot.smooth([1, 9, 10, 995], [1.0, 3.0, 7.0, 5.0], 1000)
    assert frames.tolist() == [5.0, 15.0, 995.0]
    assert means.tolist() == [2.0, 7.0, 5.0]


# The bars


@pytest.mark.filterwarnings("ignore:.*out of date")  # of HalfCheetah-v4, which the source has
def test_every_bar_can_be_trained(scripts, monkeypatch, tmp_path):
    """All presets, environments and settings fit together, and the runs are those of the protocol."""
    for suite, bars in scripts.bars.SUITES.items():
        monkeypatch.setattr(sys, "argv", ["run.py", "--suite", suite, "--out", str(tmp_path)])
        todo = scripts.run.plan(scripts.run.parse_options())
        assert len(todo) == sum(len(bar.seeds) for bar in bars.values())
        for spec in todo.values():
            bar = bars[spec.preset, spec.environment]
            assert (spec.frames, spec.test_episodes) == (bar.frames, bar.episodes)
            assert spec.hyperparameters == bar.settings
