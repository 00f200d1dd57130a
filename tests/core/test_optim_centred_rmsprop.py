"""RMSprop by the deviation of gradients: by hand, against NumPy, beside torch's, saved and loaded."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from allcore.approximation import Approximation
from allcore.errors import HyperparameterError
from allcore.optim import CentredRMSprop


def test_two_steps_by_hand():
    p = torch.tensor([1.0, -2.0], requires_grad=True)
    optimizer = CentredRMSprop([p], lr=0.1, alpha=0.9, eps=0.01)
    p.grad = torch.tensor([2.0, 0.0])
    optimizer.step()
    # m = 0.1 * 2 = 0.2, s = 0.1 * 4 = 0.4, s - m^2 = 0.36
    first = 1.0 - 0.1 * 2.0 / math.sqrt(0.37)
    assert p.tolist() == pytest.approx([first, -2.0])
    p.grad = torch.tensor([-1.0, 3.0])
    optimizer.step()
    # m = 0.18 - 0.1 = 0.08, s = 0.36 + 0.1 = 0.46; m = 0.3, s = 0.9
    expected = [first + 0.1 / math.sqrt(0.46 - 0.0064 + 0.01), -2.0 - 0.3 / math.sqrt(0.9 - 0.09 + 0.01)]
    assert p.tolist() == pytest.approx(expected)


def test_many_steps_and_groups_against_numpy():
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(shape, generator=generator, requires_grad=True) for shape in [(3, 2), (2,), ()]]
    numpy = [weight.detach().numpy().astype(np.float64) for weight in weights]
    means, squares = ([np.zeros_like(weight) for weight in numpy] for _ in range(2))
    groups = [{"params": weights[:2]}, {"params": weights[2:], "lr": 0.05}]
    optimizer = CentredRMSprop(groups, lr=0.01, alpha=0.95, eps=1e-3)
    for _ in range(20):
        for index, weight in enumerate(weights):
            weight.grad = torch.randn(weight.shape, generator=generator)
            gradient = weight.grad.numpy().astype(np.float64)
            means[index] = 0.95 * means[index] + 0.05 * gradient
            squares[index] = 0.95 * squares[index] + 0.05 * gradient**2
            deviation = np.sqrt(squares[index] - means[index] ** 2 + 1e-3)
            numpy[index] = numpy[index] - (0.05 if index == 2 else 0.01) * gradient / deviation
        optimizer.step()
    for weight, expected in zip(weights, numpy, strict=True):
        assert weight.detach().numpy() == pytest.approx(expected, abs=1e-5)


def test_gradients_that_do_not_vary_make_steps_that_epsilon_bounds():
    """The same gradient for ever has no deviation: steps tend to lr * g / sqrt(eps), and rounding spoils none."""
    p = torch.zeros(1, requires_grad=True)
    optimizer = CentredRMSprop([p], lr=1.0, alpha=0.5, eps=1e-4)
    for _ in range(200):
        p.grad = torch.full((1,), 0.3)
        before = p.item()
        optimizer.step()
    assert before - p.item() == pytest.approx(0.3 / 1e-2, rel=1e-2)


def test_what_was_saved_goes_on_in_the_same_way():
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    f = Approximation(model, CentredRMSprop(model.parameters(), lr=0.01))
    x = torch.tensor([[1.0, 2.0], [0.5, -1.0]])
    for _ in range(3):
        f.reinforce((f(x) - 1.0).square().mean())
    twin_model = nn.Linear(2, 1)
    twin = Approximation(twin_model, CentredRMSprop(twin_model.parameters(), lr=0.01))
    twin.load_state_dict(copy.deepcopy(f.state_dict()))
    for _ in range(3):
        for g in (f, twin):
            g.reinforce((g(x) - 1.0).square().mean())
    assert torch.equal(model.weight, twin_model.weight)


def test_a_parameter_without_a_gradient_stays():
    parameters = [torch.ones(1, requires_grad=True) for _ in range(2)]
    optimizer = CentredRMSprop(parameters)
    parameters[0].grad = torch.ones(1)
    optimizer.step()
    assert parameters[1].item() == 1.0 != parameters[0].item()


@pytest.mark.parametrize("options", [{"lr": -1.0}, {"alpha": 1.5}, {"eps": 0.0}])
def test_values_out_of_range(options):
    with pytest.raises(HyperparameterError, match="RMSprop cannot work"):
        CentredRMSprop([torch.zeros(1, requires_grad=True)], **options)
