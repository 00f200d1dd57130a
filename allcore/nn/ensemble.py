"""Several networks asked at once."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """C networks of one kind that share no weight: from an input `[N, ...]` to their answers `[C, N, ...]`.

    It takes any networks. For those of linear layers alone `stacked_fully_connected` is faster.
    """

    def __init__(self, networks: Iterable[nn.Module]) -> None:
        """Ask all of `networks`."""
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, x: Tensor) -> Tensor:
        """Their answers."""
        return torch.stack([network(x) for network in self.networks])
