"""VNetwork, FeatureNetwork, QContinuous and Identity."""

import pytest
import torch
from torch import nn, optim

from allcore.approximation import FeatureNetwork, FixedTarget, Identity, QContinuous, QEnsemble, VNetwork
from allcore.core import State, StateArray
from allcore.errors import UsageError


def linear(weights):
    model = nn.Linear(len(weights[0]), len(weights), bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor(weights))
    return model


def states(observations, mask=None):
    entries = {"observation": torch.tensor(observations)}
    if mask is not None:
        entries["mask"] = torch.tensor(mask)
    return StateArray(entries, (len(observations),))


ASK = ["__call__", "no_grad", "eval", "target"]


@pytest.mark.parametrize("ask", ASK)
def test_values_of_states(ask):
    v = VNetwork(linear([[2.0, 1.0]]), target=FixedTarget(1))
    assert getattr(v, ask)(states([[1.0, 1.0], [5.0, 5.0]], [1.0, 0.0])).tolist() == [3.0, 0.0]
    assert getattr(v, ask)(State({"observation": torch.tensor([1.0, 0.0])})).item() == 2.0


@pytest.mark.parametrize("ask", ASK)
def test_values_of_continuous_actions(ask):
    # Q(s, a) = s + 10 a_0 + 100 a_1
    q = QContinuous(linear([[1.0, 10.0, 100.0]]), target=FixedTarget(1))
    three = states([[1.0], [2.0], [3.0]], [1.0, 1.0, 0.0])
    actions = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert getattr(q, ask)(three, actions).tolist() == [11.0, 102.0, 0.0]
    assert (
        getattr(q, ask)(State({"observation": torch.tensor([1.0])}), torch.tensor([2.0, 0.0])).item() == 21.0
    )


@pytest.mark.parametrize("kind", [QContinuous, QEnsemble])
@pytest.mark.parametrize("shape", [(1, 6), (6,), (2, 3), (2, 3, 1)])
def test_every_state_needs_an_action_of_its_own(kind, shape):
    q = kind(nn.Linear(3, 1))
    with pytest.raises(UsageError, match=r"not one for each of states of shape \[3\]"):
        q(states([[1.0], [2.0], [3.0]]), torch.zeros(shape))


def test_actions_of_any_shape_are_flattened():
    q = QContinuous(linear([[1.0, 10.0, 100.0, 1000.0, 10000.0]]))
    actions = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 5.0]]])
    assert q(states([[9.0], [8.0]]), actions).tolist() == [43219.0, 50008.0]


def test_gradients_flow_to_continuous_actions():
    q = QContinuous(linear([[1.0, 10.0]]))
    action = torch.tensor([[0.5], [0.5]], requires_grad=True)
    q(states([[1.0], [1.0]], [1.0, 0.0]), action).sum().backward()
    assert action.grad.tolist() == [[10.0], [0.0]]


@pytest.mark.parametrize("ask", ASK)
def test_features_replace_the_observation_and_nothing_else(ask):
    f = FeatureNetwork(linear([[1.0], [2.0], [3.0]]), target=FixedTarget(1))
    two = states([[1.0], [2.0]], [1.0, 0.0]).update("lives", torch.tensor([3, 2]))
    features = getattr(f, ask)(two)
    assert features.observation.tolist() == [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]
    assert features.mask.tolist() == [1.0, 0.0]
    assert features["lives"].tolist() == [3, 2]
    assert two.observation.tolist() == [[1.0], [2.0]]


def test_gradients_flow_through_features():
    trunk, head = linear([[2.0]]), linear([[3.0]])
    optimizer = optim.SGD([*trunk.parameters(), *head.parameters()], lr=0.1)
    f, v = FeatureNetwork(trunk), VNetwork(head, optimizer)
    v.reinforce(v(f(states([[1.0]]))).sum())
    # d/dtrunk = 3, d/dhead = 2
    assert trunk.weight.item() == pytest.approx(1.7)
    assert head.weight.item() == pytest.approx(2.8)


def test_features_of_an_observation_of_several_parts():
    class Sum(nn.Module):
        def forward(self, parts):
            return parts["a"] + parts["b"]

    state = State({"observation.a": torch.tensor([1.0]), "observation.b": torch.tensor([2.0])})
    features = FeatureNetwork(Sum())(state)
    assert features.observation.tolist() == [3.0]
    assert "observation.a" not in features


def test_identity_answers_with_the_question():
    f = Identity("cpu")
    question = states([[1.0]])
    for ask in ASK:
        assert getattr(f, ask)(question) is question
    assert f.reinforce(torch.zeros((), requires_grad=True)) is f
    assert f.step() is f
    assert f.updates == 0
    assert f.device.type == "cpu"
    f.load_state_dict(f.state_dict())
