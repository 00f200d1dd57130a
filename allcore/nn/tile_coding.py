"""Tile coding: which tiles of several overlapping grids a point lies on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from allcore.errors import HyperparameterError

if TYPE_CHECKING:
    from gymnasium.spaces import Box

#: Bounds further apart than this only say that a number is a float.
_WIDEST = 1e6

#: A layer on top of more features than this no longer fits its purpose, which is to be quick.
_MOST_FEATURES = 100_000


class TileCoding(nn.Module):
    """From points in a box `[N, D]` to features `[N, F]`: a one for the tile of each grid that a point lies on, else zeros.

    What a layer on top learns of one point changes what it says of the neighbours, and hardly anything far away. So the values of
    what was never seen stay near those that they began with, about 0: hopeful where rewards are negative, which draws a
    greedy agent there.

    Each of the T grids is shifted by another part of a tile: grid t by t/T times the odd numbers (1, 3, 5, ...), one for
    each dimension, of which only the fraction counts. F = T * (tiles + 1)^D.

    Source: Sutton and Barto (2018), Reinforcement Learning, section 9.5.4.

    Attributes:
        out_features: F.
    """

    low: Tensor
    per_tile: Tensor
    offsets: Tensor
    strides: Tensor
    starts: Tensor

    def __init__(self, space: Box, tilings: int = 8, tiles: int = 8) -> None:
        """Cover a box.

        Args:
            space: the box, of D numbers with finite bounds; points outside count as on its edge.
            tilings: how many grids (T).
            tiles: into how many equal parts each cuts every side of the box.

        Raises:
            HyperparameterError: the box has no bounds, or there would be too many features to be of use.
        """
        super().__init__()
        low, high = torch.as_tensor(space.low).double(), torch.as_tensor(space.high).double()
        if low.dim() != 1 or not ((high > low) & (high - low < _WIDEST)).all():
            raise HyperparameterError(
                f"tile coding needs a vector with finite bounds, and not {space}",
                hint="all_agents.models:vector_features takes any vector.",
            )
        self.out_features = tilings * (tiles + 1) ** len(low)
        if self.out_features > _MOST_FEATURES:
            raise HyperparameterError(
                f"{tilings} tilings of {tiles} tiles along each of {len(low)} dimensions are {self.out_features:,} features",
                hint="Tile coding is for a few dimensions: take fewer tiles, or a network.",
            )
        tiling, dimension = torch.arange(tilings), torch.arange(len(low))
        shifts = tiling[:, None] * (2 * dimension + 1) / tilings
        self.register_buffer("low", low.float())
        self.register_buffer("per_tile", (tiles / (high - low)).float())
        self.register_buffer("offsets", (shifts % 1.0).float())
        self.register_buffer("strides", (tiles + 1) ** dimension)
        self.register_buffer("starts", tiling * (tiles + 1) ** len(low))
        self._tiles = tiles

    def forward(self, points: Tensor) -> Tensor:
        """The features of `points`."""
        positions = ((points - self.low) * self.per_tile).clamp(
            0, self._tiles
        )  # in tiles from the lower edge
        cells = (positions.unsqueeze(1) + self.offsets).long().clamp(max=self._tiles)  # [N, T, D]
        ones = (cells * self.strides).sum(2) + self.starts  # [N, T]
        return points.new_zeros(len(points), self.out_features).scatter(1, ones, 1.0)
