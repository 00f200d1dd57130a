"""Stacked networks against the same networks one by one."""

import numpy as np
import pytest
import torch
from torch import nn

from allcore.approximation import PolyakTarget, QContinuous, QEnsemble
from allcore.core import State, StateArray
from allcore.nn import StackedLinear, fully_connected, stacked_fully_connected


def _separate(stacked):
    """The networks of a stack, one by one, with copies of its parameters."""
    first = next(layer for layer in stacked if isinstance(layer, StackedLinear))
    networks = []
    for index in range(len(first.weight)):
        layers = []
        for layer in stacked:
            if isinstance(layer, StackedLinear):
                linear = nn.Linear(*layer.weight.shape[1:])
                linear.weight.data = layer.weight.data[index].T.clone()
                linear.bias.data = layer.bias.data[index, 0].clone()
                layer = linear
            layers.append(layer)
        networks.append(nn.Sequential(*layers))
    return networks


def test_it_begins_as_separate_layers_would():
    torch.manual_seed(7)
    stacked = StackedLinear(3, 5, 4)
    torch.manual_seed(7)
    for index in range(3):
        layer = nn.Linear(5, 4)
        assert torch.equal(stacked.weight[index].T, layer.weight)
        assert torch.equal(stacked.bias[index, 0], layer.bias)


def test_values_and_gradients_are_those_of_separate_networks():
    torch.manual_seed(0)
    stacked = stacked_fully_connected(3, 4, (8, 6), 2, nn.Tanh)
    networks, x = _separate(stacked), torch.randn(5, 4)
    values = stacked(x)
    expected = torch.stack([network(x) for network in networks])
    assert values.shape == (3, 5, 2)
    assert torch.allclose(values, expected, atol=1e-6)
    weights = torch.randn(3, 5, 2)
    (values * weights).sum().backward()
    (expected * weights).sum().backward()
    for position, layer in enumerate(stacked):
        if isinstance(layer, StackedLinear):
            for index, network in enumerate(networks):
                assert torch.allclose(layer.weight.grad[index].T, network[position].weight.grad, atol=1e-6)
                assert torch.allclose(layer.bias.grad[index, 0], network[position].bias.grad, atol=1e-6)


def test_layers_take_inputs_of_their_own():
    stacked = StackedLinear(2, 1, 1)
    with torch.no_grad():
        stacked.weight.copy_(torch.tensor([[[2.0]], [[3.0]]]))
        stacked.bias.copy_(torch.tensor([[[1.0]], [[0.0]]]))
    assert stacked(torch.tensor([[[1.0]], [[10.0]]])).flatten().tolist() == [3.0, 30.0]
    assert stacked(torch.tensor([[1.0], [10.0]]))[..., 0].tolist() == [[3.0, 21.0], [3.0, 30.0]]


def test_the_shape_is_that_of_one_network():
    one, several = fully_connected(4, (8, 6), 2), stacked_fully_connected(3, 4, (8, 6), 2)
    count = sum(parameter.numel() for parameter in one.parameters())
    assert sum(parameter.numel() for parameter in several.parameters()) == 3 * count
    assert stacked_fully_connected(3, 4, (), 2)(torch.zeros(5, 4)).shape == (3, 5, 2)


# ---- the approximation


def _states(mask=(1.0, 0.0, 1.0)):
    observation = torch.arange(6.0).reshape(3, 2)
    return StateArray({"observation": observation, "mask": torch.tensor(mask)}, (3,))


def test_an_ensemble_asks_every_critic():
    torch.manual_seed(1)
    stacked = stacked_fully_connected(2, 3, (8,), 1)
    ensemble, actions = QEnsemble(stacked), torch.tensor([[0.5], [1.0], [-1.0]])
    expected = [QContinuous(network)(_states(), actions) for network in _separate(stacked)]
    values = ensemble(_states(), actions)
    assert values.shape == (2, 3)
    assert torch.allclose(values, torch.stack(expected), atol=1e-6)
    assert values[:, 1].tolist() == [0.0, 0.0]


def test_an_ensemble_of_distributions_is_masked_as_a_whole():
    stacked = stacked_fully_connected(2, 3, (), 4)
    atoms = QEnsemble(stacked)(_states(), torch.ones(3, 1))
    assert atoms.shape == (2, 3, 4)
    assert atoms[:, 1].abs().max() == 0
    assert atoms[:, 0].abs().min() > 0


@pytest.mark.parametrize(("k", "shape"), [(1, (2,)), (4, (2, 4))])
def test_an_ensemble_takes_a_single_state(k, shape):
    ensemble = QEnsemble(stacked_fully_connected(2, 3, (), k))
    alive, over = (State({"observation": torch.ones(2), "mask": mask}) for mask in (1.0, 0.0))
    assert ensemble(alive, torch.ones(1)).shape == shape
    assert ensemble(alive, torch.ones(1)).abs().min() > 0
    assert ensemble(over, torch.ones(1)).abs().max() == 0


def test_an_ensemble_takes_states_of_several_dimensions():
    ensemble = QEnsemble(stacked_fully_connected(2, 3, (), 1))
    flat = StateArray({"observation": torch.randn(6, 2), "mask": torch.tensor([1.0] * 5 + [0.0])}, (6,))
    actions = torch.randn(6, 1)
    values = ensemble(flat.view(3, 2), actions.view(3, 2, 1))
    assert torch.allclose(values.reshape(2, 6), ensemble(flat, actions))


def test_targets_and_frozen_parameters():
    stacked = stacked_fully_connected(2, 3, (), 1)
    ensemble = QEnsemble(
        stacked, torch.optim.SGD(stacked.parameters(), lr=1.0), target=PolyakTarget(0.25), name="critics"
    )
    actions = torch.ones(3, 1, requires_grad=True)
    before, start = ensemble.target(_states(), actions), stacked[0].weight.detach().numpy().copy()
    with ensemble.frozen():
        values = ensemble(_states(), actions)
    values.sum().backward()
    # Each action's gradient is the sum of the critics' weights on it; the masked one has none.
    on_action = start[:, 2, 0].sum()
    assert actions.grad[:, 0].tolist() == pytest.approx([on_action, 0.0, on_action])
    assert all(parameter.grad is None for parameter in stacked.parameters())
    assert all(parameter.requires_grad for parameter in stacked.parameters())
    assert torch.equal(ensemble.target(_states(), actions), before)
    ensemble.reinforce(ensemble(_states(), actions.detach()).sum())
    after = start - np.array([[4.0], [6.0], [2.0]])  # the sum of the inputs that are not masked
    assert stacked[0].weight.detach().numpy() == pytest.approx(after, abs=1e-6)
    target = ensemble._target._target.model[0].weight.numpy()
    assert target == pytest.approx(0.75 * start + 0.25 * after, abs=1e-6)
