"""The four numbers of a list of returns, also where some of them are none."""

from __future__ import annotations

import math

import pytest

from allcore.experiments.statistics import summarise


def test_the_four_numbers() -> None:
    assert summarise([1.0, 2.0, 3.0, 6.0]) == pytest.approx(
        {"mean": 3.0, "std": math.sqrt(3.5), "max": 6.0, "min": 1.0}
    )


@pytest.mark.parametrize("values", [[math.nan], [1.0, math.nan], [math.nan, 1.0, math.inf]])
def test_a_return_that_is_no_number_is_shown_in_all_of_them(values: list[float]) -> None:
    assert all(math.isnan(number) for number in summarise(values).values())


def test_infinite_returns_have_no_deviation() -> None:
    summary = summarise([math.inf, 1.0])
    assert (summary["mean"], summary["max"], summary["min"]) == (math.inf, math.inf, 1.0)
    assert math.isnan(summary["std"])
    assert math.isnan(summarise([math.inf, -math.inf])["mean"])
