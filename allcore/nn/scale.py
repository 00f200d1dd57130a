"""Division by a constant."""

from __future__ import annotations

from torch import Tensor, nn


class Scale(nn.Module):
    """Divides by a constant; whole numbers become float32.

    The first layer of networks that see uint8 images, which stay uint8 until here. One pass over the images: `x.float()`
    before the division would make another copy of them.
    """

    def __init__(self, divisor: float = 255.0) -> None:
        """Divide by `divisor`."""
        super().__init__()
        self.divisor = divisor

    def forward(self, x: Tensor) -> Tensor:
        """`x / divisor`, in any shape."""
        return x / self.divisor

    def extra_repr(self) -> str:
        """The divisor, in the printed network."""
        return f"divisor={self.divisor}"
