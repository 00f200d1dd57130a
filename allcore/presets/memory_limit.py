"""A limit on the memory of networks, which is noticed before the memory is taken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from allcore.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class MemoryLimit(TorchDispatchMode):
    """While it is entered, tensors of at most so many bytes can be made, all together.

    A digit too many in a hyperparameter, or one in a file that somebody sent, asks for more memory than there is. Linux promises
    even that, and kills the process when it is used. So whatever makes a tensor from sizes (`torch.empty`, `torch.linspace`, ...)
    is first asked how many bytes that would be. Building a preset takes some milliseconds longer.

    Args:
        name: whose networks they are, for the message.
        most: bytes.
    """

    def __init__(self, name: str, most: int) -> None:
        super().__init__()
        self._name, self._most = name, most
        self._made = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Keep torch from importing its compiler when the first tensor is made, which takes two seconds."""
        return False

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Count what a factory would make, then make it.

        Raises:
            UsageError: that would be too much.
        """
        given = dict(kwargs or {})
        if any(argument.name == "device" for argument in function._schema.arguments):
            self._made += _bytes(function, args, given)
            if self._made > self._most:
                raise too_large(self._name, self._most)
        return function(*args, **given)


def too_large(name: str, most: int) -> UsageError:
    """The error that says that networks need more than `most` bytes."""
    return UsageError(
        f"the networks of {name} need more than the {most / 1e9:.2f} GB that they may take",
        hint="Smaller networks need less: look at the sizes among the hyperparameters.",
    )


#: Factories whose first argument is the size.
_SIZED = {f"aten::{name}" for name in ("empty", "zeros", "ones", "full", "rand", "randn")}


def _bytes(function: Any, args: tuple[Any, ...], given: Mapping[str, Any]) -> int:
    """What the tensor would take. Factories of other kinds are asked on the device `meta`, which takes no memory.

    Not all of them are, as the first such question loads half a second's worth of torch.
    """
    if function._schema.name in _SIZED:
        dtype = given.get("dtype") or torch.get_default_dtype()
        return math.prod(args[0]) * dtype.itemsize
    elsewhere = {name: value for name, value in given.items() if name not in ("generator", "pin_memory")}
    try:
        planned = function(*args, **{**elsewhere, "device": torch.device("meta")})
    except (RuntimeError, TypeError, ValueError):
        return 0  # the real call says what is wrong
    return planned.numel() * planned.element_size() if isinstance(planned, Tensor) else 0
