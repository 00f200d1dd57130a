"""RMSprop with epsilon inside the root: by hand, beside torch's, saved and loaded."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from allcore.approximation import Approximation
from allcore.errors import HyperparameterError
from allcore.optim import Linear, RMSpropTF


def test_two_steps_by_hand():
    p = torch.tensor([1.0, -2.0], requires_grad=True)
    optimizer = RMSpropTF([p], lr=0.1, alpha=0.9, eps=0.01)
    p.grad = torch.tensor([2.0, 0.0])
    optimizer.step()
    # s = 0.9 * 1 + 0.1 * 4 = 1.3
    assert p.tolist() == pytest.approx([1.0 - 0.1 * 2.0 / math.sqrt(1.31), -2.0])
    p.grad = torch.tensor([-1.0, 3.0])
    optimizer.step()
    # s = 0.9 * 1.3 + 0.1 * 1 = 1.27 and 0.9 * 0.9 + 0.1 * 9 = 1.71
    expected = [1.0 - 0.2 / math.sqrt(1.31) + 0.1 / math.sqrt(1.28), -2.0 - 0.3 / math.sqrt(1.72)]
    assert p.tolist() == pytest.approx(expected)


def test_many_steps_and_groups_against_numpy():
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(shape, generator=generator, requires_grad=True) for shape in [(3, 2), (2,), ()]]
    numpy = [weight.detach().numpy().astype(np.float64) for weight in weights]
    squares = [np.ones_like(weight) for weight in numpy]
    groups = [{"params": weights[:2]}, {"params": weights[2:], "lr": 0.05}]
    optimizer = RMSpropTF(groups, lr=0.01, alpha=0.95, eps=1e-3)
    for _ in range(20):
        for index, weight in enumerate(weights):
            weight.grad = torch.randn(weight.shape, generator=generator) * 0.01
            gradient = weight.grad.numpy().astype(np.float64)
            squares[index] = 0.95 * squares[index] + 0.05 * gradient**2
            numpy[index] = numpy[index] - (0.05 if index == 2 else 0.01) * gradient / np.sqrt(
                squares[index] + 1e-3
            )
        optimizer.step()
    for weight, expected in zip(weights, numpy, strict=True):
        assert weight.detach().numpy() == pytest.approx(expected, abs=1e-6)


def test_small_gradients_make_small_steps_unlike_those_of_torch():
    ours, theirs = (torch.zeros(1, requires_grad=True) for _ in range(2))
    optimizers = [RMSpropTF([ours], lr=1.0, eps=1e-5), torch.optim.RMSprop([theirs], lr=1.0, eps=1e-5)]
    for _ in range(3000):  # until nothing is left of the squares that it begins with: 0.99 ** 3000
        before = ours.item(), theirs.item()
        for p, optimizer in zip((ours, theirs), optimizers, strict=True):
            p.grad = torch.full((1,), 1e-4)
            optimizer.step()
    # sqrt(1e-8 + 1e-5), not sqrt(1e-8) + 1e-5
    assert before[0] - ours.item() == pytest.approx(1e-4 / math.sqrt(1e-8 + 1e-5), rel=1e-3)
    assert before[1] - theirs.item() == pytest.approx(1e-4 / (1e-4 + 1e-5), rel=1e-3)


def test_parameters_without_a_gradient_stay():
    p, q = (torch.ones(1, requires_grad=True) for _ in range(2))
    optimizer = RMSpropTF([p, q])
    optimizer.step()
    q.grad = torch.ones(1)
    optimizer.step()
    assert p.item() == 1.0
    assert q.item() < 1.0
    assert p not in optimizer.state


@pytest.mark.parametrize("through_approximation", [False, True])
def test_it_goes_on_where_it_was_saved(through_approximation):
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = RMSpropTF(model.parameters(), lr=0.1)
    f = Approximation(model, optimizer, learning_rate_schedule=Linear(1.0, 0.0, 0, 10))

    def learn(approximation):
        approximation.reinforce(approximation(torch.ones(1, 3)).square().sum())

    for _ in range(3):
        learn(f)
    other = nn.Linear(3, 1)
    g = Approximation(
        other, RMSpropTF(other.parameters(), lr=0.1), learning_rate_schedule=Linear(1.0, 0.0, 0, 10)
    )
    if through_approximation:
        learn(g)  # its own running squares are there already
        g.load_state_dict(copy.deepcopy(f.state_dict()))
    else:
        other.load_state_dict(model.state_dict())
        g.optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        g.updates = f.updates
    for _ in range(3):
        learn(f)
        learn(g)
    assert torch.equal(model.weight, other.weight)
    assert f.optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * 0.5)  # that of the sixth update


def test_the_step_size_may_be_a_tensor():
    p, q = (torch.ones(2, requires_grad=True) for _ in range(2))
    for parameter, lr in ((p, 0.1), (q, torch.tensor(0.1))):
        parameter.grad = torch.ones(2)
        RMSpropTF([parameter], lr=lr).step()
    assert torch.allclose(p, q)


def test_a_closure_is_asked_with_gradients():
    p = torch.ones(1, requires_grad=True)
    optimizer = RMSpropTF([p], lr=0.1)

    def closure():
        loss = (p**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1.0
    assert p.item() < 1.0


@pytest.mark.parametrize("wrong", [{"lr": -1.0}, {"alpha": 1.5}, {"eps": 0.0}])
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(HyperparameterError, match="RMSprop"):
        RMSpropTF([torch.ones(1, requires_grad=True)], **wrong)
