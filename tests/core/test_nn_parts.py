"""Network parts, by hand."""

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn

from allcore.core import State, StateArray
from allcore.errors import HyperparameterError, UsageError
from allcore.nn import (
    Aggregation,
    CategoricalDueling,
    Dueling,
    Flatten,
    Linear0,
    LogTemperature,
    RLNetwork,
    Scale,
    TanhActionBound,
    device_of,
    fully_connected,
)


def test_flatten_keeps_the_batch():
    assert Flatten()(torch.zeros(2, 3, 4)).shape == (2, 12)


def test_scale_takes_bytes_to_floats_exactly():
    every_byte = torch.arange(256, dtype=torch.uint8)
    scaled = Scale(255)(every_byte)
    assert scaled.dtype == torch.float32
    assert torch.equal(scaled, every_byte.float() / 255)
    assert every_byte[255] == 255  # not divided in place


def test_scale_keeps_channels_last():
    images = torch.zeros(2, 4, 8, 8, dtype=torch.uint8).to(memory_format=torch.channels_last)
    assert Scale()(images).is_contiguous(memory_format=torch.channels_last)


def test_scale_leaves_the_floats_that_it_was_given():
    x = torch.ones(2)
    assert Scale(2)(x).tolist() == [0.5, 0.5]
    assert x.tolist() == [1.0, 1.0]


def test_linear0_begins_at_zero_and_learns():
    layer = Linear0(3, 2)
    assert layer(torch.ones(1, 3)).tolist() == [[0.0, 0.0]]
    layer(torch.ones(1, 3)).sum().backward()
    assert layer.weight.grad.tolist() == [[1.0] * 3] * 2
    assert Linear0(3, 2, bias=False)(torch.ones(1, 3)).tolist() == [[0.0, 0.0]]


def test_aggregation_by_hand():
    # 10 + (1, 2, 6) - 3
    assert Aggregation()(torch.tensor([[10.0]]), torch.tensor([[1.0, 2.0, 6.0]])).tolist() == [
        [8.0, 9.0, 13.0]
    ]


class Fixed(nn.Module):
    def __init__(self, *rows):
        super().__init__()
        self.rows = torch.tensor(rows)

    def forward(self, features):
        return self.rows


def test_dueling_by_hand():
    model = Dueling(Fixed([1.0], [2.0]), Fixed([0.0, 4.0], [3.0, 3.0]))
    assert model(torch.zeros(2, 1)).tolist() == [[-1.0, 3.0], [2.0, 2.0]]


def test_categorical_dueling_by_hand():
    # Two atoms, two actions. Atom 0: 1 + (0, 4) - 2; atom 1: 10 + (2, 8) - 5.
    model = CategoricalDueling(Fixed([1.0, 10.0]), Fixed([0.0, 2.0, 4.0, 8.0]))
    assert model(torch.zeros(1, 1)).tolist() == [[-1.0, 7.0, 3.0, 13.0]]


def test_actions_are_squashed_into_their_bounds():
    bound = TanhActionBound(Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 10.0], np.float32)))
    assert bound(torch.tensor([0.0, 0.0])).tolist() == [1.0, 5.0]
    assert bound(torch.tensor([-100.0, 100.0])).tolist() == [-1.0, 10.0]
    expected = 1 + 2 * np.tanh(0.5)
    assert bound(torch.tensor([[0.5, 0.0]]))[0, 0].item() == pytest.approx(expected)
    assert bound.state_dict() == {}


def test_rounding_takes_no_action_past_its_bounds():
    low, high = np.random.default_rng(0).uniform(-3, 3, (2, 1000)).astype(np.float32)
    space = Box(np.minimum(low, high), np.maximum(low, high))
    bound = TanhActionBound(space)
    for x in (-100.0, 100.0):
        numbers = torch.full((1000,), x, requires_grad=True)
        actions = bound(numbers)
        assert space.contains(actions.detach().numpy())
        actions.sum().backward()
        assert not numbers.grad.any()


def test_bounds_must_be_finite():
    with pytest.raises(UsageError, match="no finite bounds"):
        TanhActionBound(Box(-np.inf, 1.0, (2,)))


def test_fully_connected():
    model = fully_connected(4, (8, 16), 3, nn.Tanh)
    assert [type(layer).__name__ for layer in model] == [
        "Flatten",
        "Linear",
        "Tanh",
        "Linear",
        "Tanh",
        "Linear",
    ]
    assert [tuple(p.shape) for p in model.parameters() if p.dim() == 2] == [(8, 4), (16, 8), (3, 16)]
    assert model(torch.zeros(5, 2, 2)).shape == (5, 3)
    assert len(fully_connected(4, (), 2)) == 2


def test_rl_network_is_asked_by_states():
    network = RLNetwork(nn.Flatten())
    observation = torch.arange(12.0).reshape(3, 2, 2)
    states = StateArray({"observation": observation, "mask": torch.tensor([1.0, 0.0, 1.0])}, (3,))
    assert network(states).tolist() == [[0.0, 1.0, 2.0, 3.0], [0.0] * 4, [8.0, 9.0, 10.0, 11.0]]
    assert network(State({"observation": observation[2]})).tolist() == [8.0, 9.0, 10.0, 11.0]


def test_rl_network_with_an_observation_of_several_parts():
    class Sum(nn.Module):
        def forward(self, parts):
            return parts["a"] + parts["b"]

    state = State({"observation.a": torch.tensor([1.0]), "observation.b": torch.tensor([2.0])})
    assert RLNetwork(Sum())(state).tolist() == [3.0]


@pytest.mark.parametrize("initial", [0.0, -1.0, float("nan")])
def test_a_temperature_begins_above_zero(initial):
    with pytest.raises(HyperparameterError, match="cannot begin at"):
        LogTemperature(initial)


def test_device_of():
    assert device_of(nn.Linear(1, 1, device="meta")).type == "meta"
    assert device_of(nn.ReLU()).type == "cpu"
