"""Quantile regression against a double loop, by hand, and by what minimises it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from allcore.nn import quantile_huber_loss, quantile_huber_pairs, quantile_midpoints


def _by_loops(predictions, fractions, targets, threshold):
    """Equation by equation, one pair after the other."""
    pairs = np.zeros((len(predictions), targets.shape[1], predictions.shape[1]))
    for n in range(len(predictions)):
        for j in range(targets.shape[1]):
            for i in range(predictions.shape[1]):
                u = targets[n, j] - predictions[n, i]
                if threshold == 0:
                    huber = abs(u)
                elif abs(u) <= threshold:
                    huber = 0.5 * u * u / threshold
                else:
                    huber = abs(u) - 0.5 * threshold
                pairs[n, j, i] = abs(fractions[n, i] - (u < 0)) * huber
    return pairs


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 3),
    i=st.integers(1, 5),
    j=st.integers(1, 4),
    threshold=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    seed=st.integers(0, 10_000),
)
def test_it_equals_a_double_loop(n: int, i: int, j: int, threshold: float, seed: int) -> None:
    """Different numbers of predictions and targets: exchanged axes could not pass."""
    rng = np.random.default_rng(seed)
    predictions, targets = rng.normal(0, 2, (n, i)), rng.normal(0, 2, (n, j))
    fractions = rng.uniform(size=(n, i))
    expected = _by_loops(predictions, fractions, targets, threshold)
    tensors = [torch.tensor(values) for values in (predictions, fractions, targets)]
    assert quantile_huber_pairs(*tensors, threshold).numpy() == pytest.approx(expected, abs=1e-12)
    by_sample = quantile_huber_loss(*tensors, threshold).numpy()
    assert by_sample == pytest.approx(expected.sum(axis=2).mean(axis=1), abs=1e-12)


def test_one_pair_by_hand() -> None:
    """Fraction 0.9: a target 3 above pulls with 0.9, one 3 below with 0.1; huber(3) is 2.5 for a threshold of 1."""
    loss = quantile_huber_pairs(torch.tensor([[0.0]]), torch.tensor([0.9]), torch.tensor([[3.0, -3.0, 0.5]]))
    assert loss.flatten().tolist() == pytest.approx([0.9 * 2.5, 0.1 * 2.5, 0.9 * 0.125])


def test_as_many_predictions_as_targets_are_not_exchanged() -> None:
    """Square pairs: the sum must run over predictions, the fractions belong to them."""
    predictions, targets = torch.tensor([[0.0, 10.0]]), torch.tensor([[1.0, 2.0]])
    pairs = quantile_huber_pairs(predictions, torch.tensor([0.25, 0.75]), targets)
    assert pairs.tolist() == [[[0.25 * 0.5, 0.25 * 8.5], [0.25 * 1.5, 0.25 * 7.5]]]
    assert quantile_huber_loss(predictions, torch.tensor([0.25, 0.75]), targets).tolist() == [2.25]


def test_midpoints() -> None:
    assert quantile_midpoints(4).tolist() == [0.125, 0.375, 0.625, 0.875]


def test_critics_share_targets() -> None:
    """Leading dimensions are broadcast."""
    predictions = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.randn(3, 6, generator=torch.Generator().manual_seed(1))
    pairs = quantile_huber_pairs(predictions, quantile_midpoints(4), targets)
    assert pairs.shape == (5, 3, 6, 4)
    for critic in range(5):
        alone = quantile_huber_pairs(predictions[critic], quantile_midpoints(4), targets)
        assert torch.equal(pairs[critic], alone)


def test_no_gradient_flows_into_targets_or_fractions() -> None:
    tensors = [torch.randn(2, 3, requires_grad=True) for _ in range(3)]
    quantile_huber_loss(*tensors).sum().backward()
    assert tensors[0].grad is not None
    assert tensors[1].grad is None
    assert tensors[2].grad is None


@pytest.mark.parametrize(("threshold", "tolerance"), [(0.0, 0.0), (1e-3, 2e-3)])
def test_its_minimiser_is_the_empirical_quantiles(threshold: float, tolerance: float) -> None:
    """Of a skewed sample. Descended from far away, with steps that shrink; the loss is convex."""
    sample = torch.tensor([[-4.0, -1.0, 0.0, 0.5, 2.0, 3.0, 7.0, 20.0, 21.0]], dtype=torch.float64)
    fractions = quantile_midpoints(4).double()
    # The smallest value that at least this share of the sample does not exceed.
    expected = sample.sort().values[0, (fractions * 9).ceil().long() - 1]
    values = torch.full((1, 4), 5.0, dtype=torch.float64, requires_grad=True)
    for step in range(4000):
        loss = quantile_huber_loss(values, fractions, sample, threshold).sum()
        (gradient,) = torch.autograd.grad(loss, values)
        with torch.no_grad():
            values -= 20.0 * 0.996**step * gradient
    assert values[0].tolist() == pytest.approx(expected.tolist(), abs=tolerance + 1e-3)


def test_within_the_threshold_the_middle_fraction_is_the_mean() -> None:
    """Of a sample with median 0 and mean 0.3: what a threshold of 1 means depends on the scale of returns."""
    sample = torch.tensor([[0.0, 0.0, 0.9]])
    centre = torch.tensor([[0.3]], requires_grad=True)
    (gradient,) = torch.autograd.grad(quantile_huber_loss(centre, torch.tensor([0.5]), sample).sum(), centre)
    assert gradient.item() == pytest.approx(0.0, abs=1e-7)
