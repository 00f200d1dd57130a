"""Networks that many presets need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn


def fully_connected(
    in_features: int,
    hidden: Sequence[int],
    out_features: int,
    activation: Callable[[], nn.Module] = nn.ReLU,
    linear: Callable[[int, int], nn.Module] = nn.Linear,
) -> nn.Sequential:
    """Linear layers of the widths `hidden` with activations between them, and a linear layer to `out_features`.

    Observations of several dimensions are flattened: `[N, ...]` to `[N, out_features]`. `linear` makes a layer from the
    numbers of its inputs and outputs.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    for width in hidden:
        layers += [linear(in_features, width), activation()]
        in_features = width
    return nn.Sequential(*layers, linear(in_features, out_features))
