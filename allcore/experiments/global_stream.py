"""torch's global random stream, from which layers such as Dropout draw: every run has one of its own, saved with the rest.

Our own parts never draw from it; a network of the user's may.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor


@contextlib.contextmanager
def global_stream(seed: int, device: torch.device) -> Iterator[None]:
    """Let everything inside the `with` block that draws from torch's global stream draw from one that `seed` decides.

    Args:
        seed: of the stream on the processor and, where the run has a GPU, of that one's.
        device: the run's.
    """
    with torch.random.fork_rng(devices=_gpus(device)):
        torch.default_generator.manual_seed(seed)
        for gpu in _gpus(device):
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        yield


def stream_state(device: torch.device) -> dict[str, Tensor]:
    """Where the global stream stands, by the kind of device."""
    return {"cpu": torch.get_rng_state()} | {gpu.type: torch.cuda.get_rng_state(gpu) for gpu in _gpus(device)}


def set_stream_state(state: Mapping[str, Tensor], device: torch.device) -> None:
    """Go on from what `stream_state` gave; on another kind of device, as far as there is something to go on from."""
    torch.set_rng_state(state["cpu"])
    for gpu in _gpus(device):
        if gpu.type in state:
            torch.cuda.set_rng_state(state[gpu.type], gpu)


def _gpus(device: torch.device) -> list[torch.device]:
    return [device] if device.type == "cuda" else []
