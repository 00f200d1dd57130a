"""Running moments are those of all the data at once."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from allcore.errors import UsageError
from allcore.nn import MomentsByName, RunningMoments


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(0, 7), min_size=1, max_size=6),
    shape=st.sampled_from([(), (1,), (3,), (2, 2)]),
    offset=st.sampled_from([0.0, -5.0, 1e6]),
    scale=st.sampled_from([1.0, 1e-3, 1e3]),
)
def test_batches_of_any_size_give_the_moments_of_all(seed, sizes, shape, offset, scale):
    rng = np.random.default_rng(seed)
    data = offset + scale * rng.normal(size=(sum(sizes), *shape))
    moments = RunningMoments(shape)
    for batch in np.split(data, np.cumsum(sizes)[:-1]):
        moments.update(torch.from_numpy(batch))
    assert moments.count == len(data)
    if len(data):
        np.testing.assert_allclose(moments.mean, data.mean(0), rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(moments.var, data.var(0), rtol=1e-8, atol=1e-15 * offset**2)


def test_one_by_one_or_with_many_leading_dimensions():
    data = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    one_by_one, together = RunningMoments((2,)), RunningMoments((2,))
    for row in data.reshape(-1, 2):
        one_by_one.update(row)
    together.update(data)
    torch.testing.assert_close(one_by_one.mean, together.mean)
    torch.testing.assert_close(one_by_one.var, together.var)
    assert one_by_one.count == together.count == 12


def test_by_hand():
    moments = RunningMoments()
    moments.update(torch.tensor(4.0))
    assert (moments.mean.item(), moments.var.item()) == (4.0, 0.0)
    moments.update(torch.tensor([6.0, 8.0]))
    assert (moments.mean.item(), moments.var.item()) == pytest.approx((6.0, 8 / 3))
    found = moments.normalize(torch.tensor([2.0, 6.0]), 8 / 9 * 5)  # 8/3 + 40/9 = 64/9
    assert found.tolist() == pytest.approx([-4 / (8 / 3), 0.0])
    found = moments.scale(torch.tensor([2.0, -6.0]), 8 / 9 * 5)
    assert found.tolist() == pytest.approx([2 / (8 / 3), -6 / (8 / 3)])


def test_before_anything_was_seen_nothing_changes():
    moments = RunningMoments((2,))
    x = torch.tensor([[3.0, -4.0]])
    assert torch.equal(moments.normalize(x, 0.0), x)
    moments.update(torch.empty(0, 2))
    assert torch.equal(moments.normalize(x, 0.0), x)
    assert moments.count == 0


def test_an_element_that_never_varies_becomes_zero():
    moments = RunningMoments((2,))
    moments.update(torch.tensor([[1.0, 0.1], [3.0, 0.1]]))
    assert moments.normalize(torch.tensor([[3.0, 0.1]]), 1e-8).tolist()[0] == pytest.approx(
        [1.0, 0.0], abs=1e-3
    )


def test_small_differences_between_large_numbers_survive():
    """In float32, a million observations near 1000 would lose the variance of 1e-4."""
    data = 1000 + 0.01 * torch.randn(100_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    moments = RunningMoments()
    for batch in data.split(1000):
        moments.update(batch)
    assert moments.var.item() == pytest.approx(data.numpy().var(), rel=1e-9)


def test_types_and_gradients():
    moments = RunningMoments((2,))
    x = torch.ones(3, 2, requires_grad=True)
    moments.update(x)
    assert not moments.mean.requires_grad
    assert moments.normalize(x, 1e-8).dtype == torch.float32
    assert moments.scale(x.double(), 1e-8).dtype == torch.float64
    assert moments.mean.dtype == moments.var.dtype == moments.count.dtype == torch.float64
    assert not list(moments.parameters())


def test_what_is_given_is_not_written_to():
    moments, x = RunningMoments((2,)), torch.ones(3, 2, dtype=torch.float64)
    moments.update(x)
    moments.normalize(x, 1e-8).zero_()
    moments.scale(x, 1e-8).zero_()
    assert torch.equal(x, torch.ones(3, 2, dtype=torch.float64))


@pytest.mark.parametrize("shape", [(3,), (2, 2, 1), ()])
def test_another_shape_is_refused(shape):
    moments = RunningMoments((2,))
    with pytest.raises(UsageError, match=r"elements of shape \[2\]"):
        moments.update(torch.ones(shape))
    with pytest.raises(UsageError, match=r"elements of shape \[2\]"):
        moments.normalize(torch.ones(shape), 0.0)
    assert moments.count == 0


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool])
def test_whole_numbers_are_refused(dtype):
    with pytest.raises(UsageError, match="numbers of type") as caught:
        RunningMoments((2,)).update(torch.ones(4, 2, dtype=dtype))
    assert "allcore.nn.Scale" in caught.value.hint


def test_moments_are_saved_as_buffers_and_copied_with_their_owner():
    owner = torch.nn.Module()
    owner.moments = RunningMoments((2,))
    owner.moments.update(torch.tensor([[1.0, 2.0], [3.0, 6.0]]))
    assert set(owner.state_dict()) == {"moments.count", "moments.mean", "moments.var"}
    frozen, other = copy.deepcopy(owner), copy.deepcopy(owner)
    owner.moments.update(torch.tensor([[100.0, 100.0]]))
    assert frozen.moments.mean.tolist() == [2.0, 4.0]
    before = other.moments.mean.data_ptr()
    other.load_state_dict(owner.state_dict())
    assert torch.equal(other.moments.var, owner.moments.var)
    assert other.moments.mean.data_ptr() == before  # in place


def test_moments_by_name_take_any_name():
    names = {"observation.camera.left": (2,), "keys": (), "0": (1, 3)}
    moments = MomentsByName(names)
    assert {name: part.shape for name, part in moments.items()} == names
    dict(moments.items())["keys"].update(torch.tensor([1.0, 3.0]))
    other = MomentsByName(names)
    other.load_state_dict(moments.state_dict())
    assert dict(other.items())["keys"].mean == 2.0
    assert len(moments.state_dict()) == 9


def test_no_count_is_too_large():
    moments = RunningMoments()
    moments.count.fill_(1e12)
    moments.update(torch.tensor([1e6]))
    assert moments.mean.item() == pytest.approx(1e-6, rel=1e-6)
    assert math.isfinite(moments.var.item())
