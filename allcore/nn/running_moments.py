"""Mean and variance of all that has been seen so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from allcore.errors import UsageError


class RunningMoments(nn.Module):
    """Mean and variance, element by element, of everything that `update` was ever given.

    They equal those of all the data at once, up to rounding, however it was cut into batches, and are kept in float64. They
    are buffers: a preset that owns this module saves them with its networks, and a deep copy is what they were at that moment.
    `update` reads the count back, so they are best kept where the data come from: on the CPU, for environments there.

    Source: Chan, Golub and LeVeque (1979), "Updating formulae and a pairwise algorithm for computing sample variances".

    Shapes: N batch.

    Attributes:
        shape: of one element.
        count: how many were seen, `[]`.
        mean: `[*shape]`; 0 before anything was seen.
        var: `[*shape]`, the sum of squares divided by the count; 1 before anything was seen.

    Args:
        shape: of one element; `()` for numbers.
    """

    count: Tensor
    mean: Tensor
    var: Tensor

    def __init__(self, shape: Sequence[int] = ()) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(self.shape, dtype=torch.float64))
        self.register_buffer("var", torch.ones(self.shape, dtype=torch.float64))

    @torch.no_grad()
    def update(self, x: Tensor) -> None:
        """Take in the elements `[*, *shape]` of a batch of any leading dimensions.

        Raises:
            UsageError: the batch is of another shape.
        """
        batch = self._checked(x).reshape(-1, *self.shape).to(self.mean)
        if len(batch) == 0:
            return
        batch_var, batch_mean = torch.var_mean(batch, dim=0, correction=0)
        total = self.count.item() + len(batch)
        share = len(batch) / total  # the batch's, of all
        delta = batch_mean - self.mean
        self.mean.add_(delta, alpha=share)
        self.var.lerp_(batch_var, share).addcmul_(delta, delta, value=share * (1 - share))
        self.count.fill_(total)

    @torch.no_grad()
    def normalize(self, x: Tensor, epsilon: float) -> Tensor:
        """`(x - mean) / sqrt(var + epsilon)`, of the shape, type and device of `x` `[*, *shape]`.

        Raises:
            UsageError: `x` is of another shape.
        """
        centred = self._checked(x).to(self.mean) - self.mean
        return (centred / torch.sqrt(self.var + epsilon)).to(x)

    @torch.no_grad()
    def scale(self, x: Tensor, epsilon: float) -> Tensor:
        """`x / sqrt(var + epsilon)`: like `normalize`, but zero stays zero and no sign changes.

        Raises:
            UsageError: `x` is of another shape.
        """
        return (self._checked(x).to(self.mean) / torch.sqrt(self.var + epsilon)).to(x)

    def _checked(self, x: Tensor) -> Tensor:
        if not x.is_floating_point():
            raise UsageError(
                f"moments of numbers of type {str(x.dtype).removeprefix('torch.')} are not taken",
                hint="Images stay whole numbers until a network scales them (allcore.nn.Scale); encode categories.",
            )
        if tuple(x.shape[x.dim() - len(self.shape) :]) != self.shape:
            raise UsageError(
                f"these moments are of elements of shape {list(self.shape)}, which a tensor of shape {list(x.shape)} has not"
            )
        return x

    def extra_repr(self) -> str:
        """What `print` shows of it."""
        return f"shape={self.shape}"


class MomentsByName(nn.Module):
    """One `RunningMoments` for each of several names, such as the parts of an observation."""

    def __init__(self, shapes: Mapping[str, Sequence[int]]) -> None:
        """Take the `shapes` of the elements, by name; names may be any text, unlike those of a ModuleDict."""
        super().__init__()
        self.names = tuple(shapes)
        self.moments = nn.ModuleList(RunningMoments(shape) for shape in shapes.values())

    def items(self) -> Iterator[tuple[str, RunningMoments]]:
        """Each name with its moments."""
        for name, moments in zip(self.names, self.moments, strict=True):
            assert isinstance(moments, RunningMoments)
            yield name, moments
