"""Networks with layer normalisation before every activation.

Values learnt with them stay bounded where there is no target network (Gallici et al., 2024, Simplifying deep temporal
difference learning).

Shapes: N batch, C channels, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation of frames `[N, C, H, W]`: over the channels, at every place of its own.

    That is what flax's `LayerNorm` does to the frames of PQN's authors. (Normalising over channels and places together,
    as torch's `LayerNorm([C, H, W])` does, is another function.)
    """

    def forward(self, frames: Tensor) -> Tensor:
        """Normalise `frames`; those in channels-last memory are not copied, and stay in it."""
        return super().forward(frames.movedim(1, -1)).movedim(-1, 1)


def normalized_layer(layer: nn.Linear | nn.Conv2d) -> list[nn.Module]:
    """`layer` with weights as He et al. (2015) draw them and no bias at first, its normalisation, and ReLU."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    norm = (
        nn.LayerNorm(layer.out_features) if isinstance(layer, nn.Linear) else ChannelNorm(layer.out_channels)
    )
    return [layer, norm, nn.ReLU()]


def fully_connected_normalized(in_features: int, hidden: Sequence[int], out_features: int) -> nn.Sequential:
    """Linear layers of the widths `hidden`, each with layer normalisation and ReLU, and a linear layer to `out_features`.

    Observations of several dimensions are flattened: `[N, ...]` to `[N, out_features]`. The last layer has normal weights
    with deviation 1 / sqrt(its inputs) (LeCun et al., 1998) and no bias at first.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    for width in hidden:
        layers += normalized_layer(nn.Linear(in_features, width))
        in_features = width
    last = nn.Linear(in_features, out_features)
    nn.init.kaiming_normal_(last.weight, nonlinearity="linear")
    nn.init.zeros_(last.bias)
    return nn.Sequential(*layers, last)
