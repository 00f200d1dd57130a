"""Target networks, by hand."""

import pytest
import torch
from torch import nn, optim

from allcore.approximation import Approximation, FixedTarget, PolyakTarget
from allcore.errors import HyperparameterError


def approximation(target):
    """One weight w = 0 that every update raises by 1; f(x) = w x."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    return Approximation(model, optim.SGD(model.parameters(), lr=1.0), target=target)


def follow(f, updates):
    x = torch.ones(1, 1)
    values = []
    for _ in range(updates):
        f.reinforce(-f(x).sum())
        values.append(f.target(x).item())
    return values


def test_no_target_network_is_the_model_itself():
    assert follow(approximation(None), 3) == [1.0, 2.0, 3.0]


def test_a_fixed_target_is_renewed_every_third_update():
    assert follow(approximation(FixedTarget(3)), 7) == [0.0, 0.0, 3.0, 3.0, 3.0, 6.0, 6.0]


def test_a_polyak_target_by_hand():
    # 0.75 * 0 + 0.25 * 1, then 0.75 * 0.25 + 0.25 * 2, then 0.75 * 0.6875 + 0.25 * 3
    assert follow(approximation(PolyakTarget(0.25)), 3) == [0.25, 0.6875, 1.265625]


def test_a_polyak_target_with_rate_one_is_a_copy():
    assert follow(approximation(PolyakTarget(1.0)), 2) == [1.0, 2.0]


def test_a_polyak_target_can_follow_less_often():
    # After the second update half of the way from 0 to 2, after the fourth from 1 to 4.
    assert follow(approximation(PolyakTarget(0.5, update_frequency=2)), 5) == [0.0, 1.0, 1.0, 2.5, 2.5]


@pytest.mark.parametrize("make", [lambda: FixedTarget(1), lambda: PolyakTarget(0.5)])
def test_buffers_are_copied_whole(make):
    model = nn.BatchNorm1d(2, momentum=0.5)
    target = make()
    f = Approximation(model, optim.SGD(model.parameters(), lr=0.0), target=target)
    f.reinforce(f(torch.tensor([[0.0, 2.0], [2.0, 6.0]])).sum())
    buffers = target.state_dict()["model"]
    assert buffers["running_mean"].tolist() == [0.5, 2.0]
    assert buffers["num_batches_tracked"].item() == 1


@pytest.mark.parametrize("make", [None, lambda: FixedTarget(1), lambda: PolyakTarget(0.5)])
def test_targets_draw_no_gradient(make):
    f = approximation(make and make())
    assert not f.target(torch.ones(1, 1, requires_grad=True)).requires_grad


def test_copies_need_no_gradient_and_share_nothing():
    target = FixedTarget(10)
    f = approximation(target)
    assert all(not parameter.requires_grad for parameter in target._target.parameters())
    assert f.model.weight.requires_grad
    assert target._target.weight.data_ptr() != f.model.weight.data_ptr()


def test_a_target_stays_in_train_mode_while_the_model_is_asked_in_eval_mode():
    model = nn.Dropout(1.0)
    f = Approximation(model, target=FixedTarget(1))
    with f.evaluating():
        assert f(torch.ones(1)).item() == 1.0
        assert f.target(torch.ones(1)).item() == 0.0


def test_a_model_without_parameters():
    target = PolyakTarget(0.5)
    Approximation(nn.Identity(), target=target)
    target.track()


@pytest.mark.parametrize(("make", "value"), [(FixedTarget, 0), (PolyakTarget, 0.0), (PolyakTarget, 1.5)])
def test_values_that_make_no_sense(make, value):
    with pytest.raises(HyperparameterError, match=str(value)):
        make(value)


def test_a_polyak_target_cannot_follow_every_zeroth_update():
    with pytest.raises(HyperparameterError, match="every 0 updates"):
        PolyakTarget(0.5, update_frequency=0)
