"""Quantile regression: the loss whose minimiser is the quantiles of a distribution of which there are only samples.

Shapes: N batch (any leading dimensions), I predicted quantiles, J target samples.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def quantile_midpoints(n_quantiles: int) -> Tensor:
    """The fractions `[I]` of the I quantiles that lie closest to a distribution: (2i + 1) / 2I for i from 0.

    Source: Dabney et al. (2018), Distributional reinforcement learning with quantile regression, Lemma 2.
    """
    return (torch.arange(n_quantiles) + 0.5) / n_quantiles


def quantile_huber_pairs(
    predictions: Tensor, fractions: Tensor, targets: Tensor, threshold: float = 1.0
) -> Tensor:
    """The loss of every pair of a target sample and a predicted quantile, `[N, J, I]`.

    With u = target - prediction it is |fraction - 1{u < 0}| * huber(u) / threshold: a prediction below the target is
    pulled up by its fraction, one above it is pulled down by the rest.

    Args:
        predictions: `[N, I]`.
        fractions: which quantile each prediction is to be, between 0 and 1: `[I]` or `[N, I]`.
        targets: samples `[N, J]`, into which no gradient flows. Leading dimensions are broadcast, so that several
            critics `[C, N, I]` can share the targets `[N, J]`.
        threshold: the error at which the loss turns from square to linear (the papers' kappa). 0 is quantile
            regression proper, linear everywhere (QR-DQN-0).

    Source: Dabney et al. (2018), Distributional reinforcement learning with quantile regression, equations 9 and 10;
    the division by the threshold is that of Dabney et al. (2018), Implicit quantile networks for distributional
    reinforcement learning, equation 3. At a threshold of 1 it makes no difference.
    """
    samples, quantiles = torch.broadcast_tensors(
        targets.detach().unsqueeze(-1), predictions.unsqueeze(-2)
    )  # both [N, J, I]
    above = (samples < quantiles).to(predictions.dtype)
    weights = (fractions.detach().unsqueeze(-2) - above).abs()
    if threshold == 0.0:
        return weights * (samples - quantiles).abs()
    return weights * functional.huber_loss(quantiles, samples, reduction="none", delta=threshold) / threshold


def quantile_huber_loss(
    predictions: Tensor, fractions: Tensor, targets: Tensor, threshold: float = 1.0
) -> Tensor:
    """The loss of each member of the batch, `[N]`: the sum over the predicted quantiles of the mean over the targets.

    Arguments are those of `quantile_huber_pairs`. Every quantile has an output of its own, and its gradient must not
    shrink the more of them there are: hence the sum.

    Source: Dabney et al. (2018), Distributional reinforcement learning with quantile regression, Algorithm 1.
    """
    return quantile_huber_pairs(predictions, fractions, targets, threshold).sum(-1).mean(-1)
