"""A policy and values on the same features, and the parts of their networks."""

import copy
import math

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn

from allcore.approximation import ActorCritic
from allcore.core import State, StateArray
from allcore.errors import UsageError
from allcore.nn import (
    ActionScale,
    NoisyFactorizedLinear,
    NoisyLinear,
    SharedLogStd,
    StackedLinear,
    fully_connected,
    orthogonal,
)
from allcore.policies import GaussianHead, SoftmaxHead


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class Double(nn.Module):
    """Twice the observation; counts its calls."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return 2 * x


class Sum(nn.Module):
    def forward(self, x):
        return x.sum(-1, keepdim=True)


def states(*rows, **entries):
    return StateArray({"observation": torch.tensor(rows), **entries}, (len(rows),))


# ---- the approximation


def test_both_heads_see_the_same_features_once():
    features = Double()
    f = ActorCritic(features, SoftmaxHead(nn.Identity(), generator()), Sum())
    distribution, values = f(states([0.0, 0.5], [3.0, 1.0]))
    assert distribution.probabilities[0].tolist() == pytest.approx([1 / (1 + math.e), math.e / (1 + math.e)])
    assert values.tolist() == [1.0, 8.0]
    assert features.calls == 1


def test_the_mask_changes_neither():
    f = ActorCritic(nn.Identity(), SoftmaxHead(nn.Identity(), generator()), Sum())
    masked = states([1.0, 2.0], [1.0, 2.0], mask=torch.tensor([0.0, 1.0]))
    distribution, values = f.no_grad(masked)
    assert values.tolist() == [3.0, 3.0]
    assert torch.equal(distribution.probabilities[0], distribution.probabilities[1])


def test_it_answers_in_the_states_own_shape():
    f = ActorCritic(nn.Identity(), SoftmaxHead(fully_connected(2, (4,), 3), generator()), Sum())
    one = State({"observation": torch.ones(2)})
    many = StateArray({"observation": torch.ones(5, 4, 2)}, (5, 4))
    for asked, shape in ((one, ()), (many, (5, 4))):
        distribution, values = f(asked)
        assert values.shape == shape
        assert distribution.log_probabilities.shape == (*shape, 3)
        assert distribution.entropy().shape == shape
        assert distribution.sample().shape == shape


def test_one_optimizer_follows_the_joint_gradient():
    features, policy, value = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1)
    module = nn.ModuleList([features, policy, value])
    f = ActorCritic(
        features, SoftmaxHead(policy, generator()), value, torch.optim.SGD(module.parameters(), 0.1)
    )
    before = copy.deepcopy(module.state_dict())
    distribution, values = f(states([1.0, 2.0]))
    f.reinforce(values.sum() - distribution.log_prob(torch.tensor([1])).sum())
    assert all(not torch.equal(before[name], new) for name, new in module.state_dict().items())
    assert f.updates == 1


def test_observations_of_several_parts_reach_the_features():
    class Parts(nn.Module):
        def forward(self, x):
            return torch.cat((x["a"], x["b"]), dim=-1)

    f = ActorCritic(Parts(), SoftmaxHead(nn.Identity(), generator()), Sum())
    state = StateArray({"observation.a": torch.ones(3, 1), "observation.b": torch.ones(3, 2)}, (3,))
    _, values = f.no_grad(state)
    assert values.tolist() == [3.0, 3.0, 3.0]


def test_saved_and_loaded_it_draws_the_same_actions():
    made = [ActorCritic(nn.Identity(), SoftmaxHead(nn.Identity(), generator(seed)), Sum()) for seed in (1, 2)]
    flat = states(*[[0.0, 0.0]] * 20)
    made[0].no_grad(flat)[0].sample()
    made[1].load_state_dict(made[0].state_dict())
    draws = [f.no_grad(flat)[0].sample() for f in made]
    assert torch.equal(*draws)


# ---- parts


def test_deviations_that_no_state_changes():
    model = SharedLogStd(nn.Linear(2, 2), torch.tensor([0.0, -1.0]))
    out = model(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert out[:, 2:].tolist() == [[0.0, -1.0], [0.0, -1.0]]
    head = GaussianHead(model, generator())
    distribution = head(states([1.0, 2.0], [3.0, 4.0]))
    assert torch.equal(distribution.mean, out[:, :2])
    assert distribution.log_std.tolist() == [[0.0, -1.0], [0.0, -1.0]]
    # The gradient of an entropy's mean is 1 for each number, whatever the batch.
    distribution.entropy().mean().backward()
    assert model.log_std.grad.tolist() == pytest.approx([1.0, 1.0])


def test_the_given_deviations_are_copied():
    initial = torch.zeros(1)
    model = SharedLogStd(nn.Linear(1, 1), initial)
    with torch.no_grad():
        model.log_std.add_(1.0)
    assert initial.item() == 0.0


def test_actions_in_units_of_their_bounds():
    space = Box(np.array([-1.0, 0.0, -np.inf], np.float32), np.array([3.0, 10.0, 4.0], np.float32))
    scale = ActionScale(space)
    assert scale(torch.tensor([[-1.0, 1.0, 7.0], [2.0, -2.0, 0.0]])).tolist() == [
        [-1.0, 10.0, 7.0],
        [5.0, -5.0, 0.0],
    ]
    assert not scale.state_dict()


def test_orthogonal_rows_or_columns():
    model = orthogonal(fully_connected(3, (7, 5), 2), gain=2.0, last_gain=0.01)
    first, middle, last = (layer for layer in model if isinstance(layer, nn.Linear))
    assert torch.allclose(first.weight.T @ first.weight, 4 * torch.eye(3), atol=1e-5)
    assert torch.allclose(middle.weight @ middle.weight.T, 4 * torch.eye(5), atol=1e-5)
    assert torch.allclose(last.weight @ last.weight.T, 1e-4 * torch.eye(2), atol=1e-8)
    assert not any(layer.bias.any() for layer in (first, middle, last))


def test_orthogonal_convolutions_keep_their_layout():
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 3, 1, bias=False)).to(
        memory_format=torch.channels_last
    )
    orthogonal(model)
    rows = model[0].weight.reshape(4, -1)
    assert torch.allclose(rows @ rows.T, 2 * torch.eye(4), atol=1e-5)
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "layer", [StackedLinear(2, 3, 1), NoisyLinear(3, 1, generator=generator()), NoisyFactorizedLinear(3, 1)]
)
def test_orthogonal_leaves_no_layer_out_in_silence(layer):
    model = nn.Sequential(nn.Linear(3, 3), layer)
    before = model[0].weight.clone()
    with pytest.raises(UsageError, match=type(layer).__name__):
        orthogonal(model, last_gain=0.01)
    assert torch.equal(model[0].weight, before)


def test_orthogonal_weights_are_drawn_like_other_initial_weights():
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(orthogonal(nn.Linear(4, 4)).weight)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
