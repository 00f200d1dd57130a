"""Tile coding against grids worked out by hand and one point at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from hypothesis import given, strategies as st

from allcore.errors import HyperparameterError
from allcore.nn import TileCoding


def _box(low: list[float], high: list[float]) -> Box:
    return Box(np.array(low, np.float32), np.array(high, np.float32))


def test_two_shifted_rulers_by_hand() -> None:
    """Four tiles from 0 to 4; the second ruler is shifted by half a tile."""
    coding = TileCoding(_box([0.0], [4.0]), tilings=2, tiles=4)
    points = torch.tensor([[0.0], [0.4], [0.6], [3.9], [4.0], [-7.0], [9.0]])
    ones = [row.nonzero().flatten().tolist() for row in coding(points)]
    assert ones == [[0, 5], [0, 5], [0, 6], [3, 9], [4, 9], [0, 5], [4, 9]]


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-1, 8)), min_size=1, max_size=5))
def test_every_grid_has_one_tile_for_each_point(points: list[tuple[float, float]]) -> None:
    low, high, tilings, tiles = [-1.5, 0.0], [1.5, 7.0], 4, 3
    coding = TileCoding(_box(low, high), tilings, tiles)
    inputs = torch.tensor(points, dtype=torch.float32)
    features = coding(inputs).reshape(
        len(points), tilings, tiles + 1, tiles + 1
    )  # grid, second side, first side
    for point, grids in zip(inputs.tolist(), features, strict=True):
        for tiling, grid in enumerate(grids):
            ((second, first),) = grid.nonzero().tolist()
            assert grid.sum() == 1
            for cell, number, lo, hi, odd in zip((first, second), point, low, high, (1, 3), strict=True):
                position = (
                    min(max((number - lo) / (hi - lo) * tiles, 0.0), tiles) + (tiling * odd / tilings) % 1
                )
                assert cell in {min(int(position - 1e-5), tiles), min(int(position + 1e-5), tiles)}


def test_neighbours_share_tiles_and_strangers_none() -> None:
    coding = TileCoding(_box([0.0, 0.0], [8.0, 8.0]))
    here, near, far = coding(torch.tensor([[3.1, 3.1], [3.4, 3.1], [6.0, 6.0]]))
    assert coding.out_features == 8 * 81 == len(here)
    assert 8 * 0.5 < here @ near < 8
    assert here @ far == 0


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (_box([-np.inf], [1.0]), "finite bounds"),
        (Box(0.0, 1.0, (2, 2)), "a vector"),
        (Box(0.0, 1.0, (6,)), "4,251,528 features"),
    ],
)
def test_what_cannot_be_covered_is_refused(space: Box, words: str) -> None:
    with pytest.raises(HyperparameterError, match=words):
        TileCoding(space)
