"""Parts of a network in bfloat16."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from allcore.errors import HyperparameterError
from allcore.nn.device import device_of

#: Names of precisions, as hyperparameters have them.
PRECISIONS = ("float32", "bfloat16")


class LowPrecision(nn.Module):
    """A part of a network that computes convolutions and matrix products in bfloat16, forward and backward.

    Its parameters, their gradients, what goes in and what comes out stay float32; sums inside a product are float32, too. bfloat16
    has the range of float32 and 8 bits of precision. It is fast on processors with instructions for it (AVX512-BF16 or
    AMX: look for avx512_bf16 or amx_bf16 in `lscpu`) and on GPUs since 2020; elsewhere it is slower than float32.

    Source: Micikevicius et al. (2018), Mixed precision training; with bfloat16 losses need no scaling: Kalamkar et al. (2019), A
    study of BFLOAT16 for deep learning training.
    """

    def __init__(self, module: nn.Module) -> None:
        """Compute `module` so; it gives a tensor `[N, ...]`."""
        super().__init__()
        self.module = module

    def forward(self, *inputs: Any) -> Tensor:
        """What the module gives, in float32."""
        with torch.autocast(device_of(self).type, dtype=torch.bfloat16):
            result: Tensor = self.module(*inputs)
        return result.float()


def in_precision(module: nn.Module, precision: str) -> nn.Module:
    """`module` as it is (`float32`), or as a `LowPrecision` one (`bfloat16`).

    Raises:
        HyperparameterError: there is no such precision, or the module has nothing to compute.
    """
    if precision not in PRECISIONS:
        raise HyperparameterError(
            f"there is no precision {precision!r}", hint=f"There are {' and '.join(PRECISIONS)}."
        )
    if precision == "float32":
        return module
    if next(module.parameters(), None) is None:
        raise HyperparameterError(
            f"precision: {precision} is for convolutions and layers that all else shares, and here there are none",
            hint="Leave it at float32: small networks would not be faster.",
        )
    return LowPrecision(module)
