"""One root seed, and the named random streams that come from it."""

from __future__ import annotations

import zlib

import numpy as np
import torch


class Seeds:
    """The random streams of a run, each drawn from the root seed and its name alone.

    A component gets the stream it is handed (`policy`, `replay`, `environment` 3, ...), so adding one never shifts
    another.

    Source: numpy.random.SeedSequence with a spawn key.
    """

    def __init__(self, root: int | None = None) -> None:
        """Split `root`; without one, a fresh root from the operating system."""
        self.root: int = int(np.random.SeedSequence().generate_state(1)[0]) if root is None else int(root)

    def integer(self, name: str, index: int = 0) -> int:
        """A seed in [0, 2^31) for the stream `name`, number `index`."""
        spawn_key = (zlib.crc32(name.encode()), index)
        sequence = np.random.SeedSequence(self.root, spawn_key=spawn_key)
        return int(sequence.generate_state(1)[0]) & 0x7FFFFFFF

    def generator(self, name: str, device: torch.device | str = "cpu", index: int = 0) -> torch.Generator:
        """A generator of torch for the stream `name`, number `index`."""
        generator = torch.Generator(device=device)
        generator.manual_seed(self.integer(name, index))
        return generator


def environment_seeds(seed: int, n: int) -> list[int]:
    """The seeds of `n` environments: the first gets `seed` itself, so that it does what a single one does, the others derived ones."""
    seeds = Seeds(seed)
    return [seed, *(seeds.integer("environment", index) for index in range(1, n))]
