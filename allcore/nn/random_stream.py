"""A random generator as a part of a network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from allcore.seeding import Seeds

_COUNTS = 16  # bytes of two int64: the seed and how many copies were made


class RandomStream(nn.Module):
    """A generator of its own for a network that draws random numbers, saved with the network's state.

    Copies of a network draw other numbers than the network: a target network has its own noise, and copying a network for
    a test changes nothing in the training. On another device the stream begins anew there.
    """

    def __init__(self, generator: torch.Generator | None = None) -> None:
        """Draw the stream's seed from `generator`; without one, from torch's own, as initial weights are."""
        super().__init__()
        device = "cpu" if generator is None else generator.device
        self._seed = int(torch.randint(2**62, (), generator=generator, device=device).item())
        self._copies = 0
        self._loaded: Tensor | None = None
        self._generator = torch.Generator().manual_seed(self._seed)

    def on(self, device: torch.device) -> torch.Generator:
        """The generator, for drawing on `device`."""
        if self._generator.device != device:
            self._generator = torch.Generator(device).manual_seed(self._seed)
            self._go_on_where_loaded()
        self._loaded = None  # numbers are drawn here from now on, and this is where the stream stands
        return self._generator

    def get_extra_state(self) -> Tensor:
        """Where the generator stands, for the network's `state_dict`: its bytes, then those of seed and count of copies.

        Before anything was drawn since loading it is what was loaded, whatever kind of device that was of.
        """
        counts = torch.tensor([self._seed, self._copies]).view(torch.uint8)
        stands = self._generator.get_state() if self._loaded is None else self._loaded
        return torch.cat([stands, counts])

    def set_extra_state(self, state: Tensor) -> None:
        """Go on there, if the first numbers are drawn on the kind of device that the state is of; elsewhere begin anew.

        Later copies, too, draw what the saved network's would have drawn.
        """
        state = state.cpu()
        self._seed, self._copies = (int(count) for count in state[-_COUNTS:].clone().view(torch.int64))
        self._loaded = state[:-_COUNTS].clone()
        self._go_on_where_loaded()

    def _go_on_where_loaded(self) -> None:
        # The states of a CPU's and of CUDA's generators have different sizes and mean nothing to each other.
        if self._loaded is not None and self._loaded.shape == self._generator.get_state().shape:
            self._generator.set_state(self._loaded)
            self._loaded = None

    def __deepcopy__(self, memo: dict[int, Any]) -> RandomStream:
        # Derived from the seed instead of drawn, so that this stream goes on as if nobody had copied it.
        self._copies += 1
        copied = RandomStream(Seeds(self._seed).generator("copy", index=self._copies))
        memo[id(self)] = copied
        return copied
