"""A stack of frames that has not been copied together yet."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(eq=False)
class StackedFrames:
    """The last frames of an observation, kept apart until somebody needs them as one tensor.

    A network sees the whole stack; replay stores only `newest`, since the older frames are the newest
    frames of earlier steps.

    Shapes: C channels of one frame, S frames in the stack, `*` leading batch dimensions.

    Attributes:
        frames: S tensors `[*, C, H, W]`, the oldest first. An episode younger than S steps repeats its first frame.
        channel_dim: the dimension along which frames are joined, counted from the end.
    """

    frames: tuple[Tensor, ...]
    channel_dim: int = -3
    _joined: Tensor | None = field(default=None, repr=False)

    @property
    def newest(self) -> Tensor:
        """The frame of this step, `[*, C, H, W]`."""
        return self.frames[-1]

    @property
    def size(self) -> int:
        """How many frames the stack holds (S)."""
        return len(self.frames)

    def tensor(self) -> Tensor:
        """The stack as one tensor `[*, S * C, H, W]`, joined once and remembered."""
        if self._joined is None:
            self._joined = torch.cat(self.frames, dim=self.channel_dim)
        return self._joined
