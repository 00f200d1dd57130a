"""QNetwork: which values, and where they are zero."""

import pytest
import torch
from torch import nn

from allcore.approximation import FixedTarget, QNetwork
from allcore.core import State, StateArray


@pytest.fixture(name="q")
def _q():
    """Q(s, 0) = s + 10, Q(s, 1) = 2 s + 20."""
    model = nn.Linear(1, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0], [2.0]]))
        model.bias.copy_(torch.tensor([10.0, 20.0]))
    return QNetwork(model, target=FixedTarget(1))


def states(values, mask, shape=None):
    shape = shape or (len(values),)
    return StateArray(
        {"observation": torch.tensor(values).reshape(*shape, 1), "mask": torch.tensor(mask).reshape(shape)},
        shape,
    )


ASK = ["__call__", "no_grad", "eval", "target"]


@pytest.mark.parametrize("ask", ASK)
def test_all_values_masked(q, ask):
    values = getattr(q, ask)(states([1.0, 2.0], [1.0, 0.0]))
    assert values.tolist() == [[11.0, 22.0], [0.0, 0.0]]
    assert values.requires_grad == (ask == "__call__")


@pytest.mark.parametrize("ask", ASK)
def test_values_of_actions_masked(q, ask):
    three = states([1.0, 2.0, 3.0], [1.0, 0.0, 1.0])
    assert getattr(q, ask)(three, torch.tensor([1, 1, 0])).tolist() == [22.0, 0.0, 13.0]


def test_more_leading_dimensions(q):
    grid = states([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0] * 6, (2, 3))
    assert q(grid).shape == (2, 3, 2)
    assert q(grid, torch.tensor([[0, 1, 0], [1, 0, 1]])).tolist() == [[11.0, 24.0, 13.0], [28.0, 15.0, 32.0]]


def test_a_single_state(q):
    state = State({"observation": torch.tensor([1.0])})
    assert q(state).tolist() == [11.0, 22.0]
    assert q(state, 1).item() == 22.0
    assert q(state, torch.tensor(0)).item() == 11.0


def test_values_for_acting_know_no_mask_and_no_gradient(q):
    values = q.action_values(states([1.0, 2.0], [1.0, 0.0]))
    assert values.tolist() == [[11.0, 22.0], [12.0, 24.0]]
    assert not values.requires_grad


def test_the_model_is_shared_not_copied():
    model = nn.Linear(1, 2)
    assert next(iter(QNetwork(model).model.parameters())) is model.weight
