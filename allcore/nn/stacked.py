"""Several networks of one shape evaluated in one call: critics that do not share a weight, but their computing.

Letters: C networks, N batch, I inputs, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class StackedLinear(nn.Module):
    """C linear layers side by side, as one batched product.

    Attributes:
        weight: `[C, I, O]`.
        bias: `[C, 1, O]`.
    """

    def __init__(self, n_networks: int, in_features: int, out_features: int) -> None:
        """Begin as C layers `nn.Linear(I, O)`, made one after the other, would."""
        super().__init__()
        layers = [nn.Linear(in_features, out_features) for _ in range(n_networks)]
        self.weight = nn.Parameter(torch.stack([layer.weight.detach().T for layer in layers]).contiguous())
        self.bias = nn.Parameter(torch.stack([layer.bias.detach().unsqueeze(0) for layer in layers]))

    def forward(self, x: Tensor) -> Tensor:
        """`[C, N, I]`, or `[N, I]` that all networks share, to `[C, N, O]`."""
        return torch.baddbmm(self.bias, x.expand(len(self.weight), -1, -1), self.weight)

    def extra_repr(self) -> str:
        """The sizes, in the printed network."""
        n_networks, in_features, out_features = self.weight.shape
        return f"n_networks={n_networks}, in_features={in_features}, out_features={out_features}"


def stacked_fully_connected(
    n_networks: int,
    in_features: int,
    hidden: Sequence[int],
    out_features: int,
    activation: Callable[[], nn.Module] = nn.ReLU,
) -> nn.Sequential:
    """C fully connected networks, from inputs `[N, I]` that they share to outputs `[C, N, O]`.

    Args:
        n_networks: C.
        in_features: I.
        hidden: width of each hidden layer.
        out_features: O.
        activation: makes what stands after each hidden layer.
    """
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [StackedLinear(n_networks, in_features, width), activation()]
        in_features = width
    return nn.Sequential(*layers, StackedLinear(n_networks, in_features, out_features))
