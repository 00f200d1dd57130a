"""Several critics of discrete actions in one model, and random choices before they are worth asking."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from allcore.approximation import QDiscreteEnsemble
from allcore.core import State, StateArray
from allcore.nn import Ensemble, stacked_fully_connected
from allcore.policies import RandomChoices


@pytest.mark.parametrize("kind", ["any networks", "stacked"])
def test_values_of_every_critic(kind: str) -> None:
    torch.manual_seed(0)
    model = (
        Ensemble(nn.Linear(3, 4) for _ in range(2))
        if kind == "any networks"
        else stacked_fully_connected(2, 3, (), 4)
    )
    q = QDiscreteEnsemble(model)
    x = torch.randn(5, 3)
    states = StateArray({"observation": x, "mask": torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0])}, (5,))
    actions = torch.tensor([3, 0, 1, 2, 2])
    values, of_actions = q.no_grad(states), q.no_grad(states, actions)
    assert values.shape == (2, 5, 4)
    assert of_actions.shape == (2, 5)
    for critic, alone in enumerate(model(x).detach()):
        for n in range(5):
            expected = torch.zeros(4) if n == 2 else alone[n]
            assert values[critic, n].tolist() == pytest.approx(expected.tolist(), abs=1e-6)
            assert of_actions[critic, n].item() == pytest.approx(expected[actions[n]].item(), abs=1e-6)
    one = State({"observation": x[0]})
    assert q.no_grad(one).shape == (2, 4)
    assert q.no_grad(one, 3).tolist() == pytest.approx(values[:, 0, 3].tolist(), abs=1e-6)
    rows = states.view(5, 1)
    assert torch.equal(q.no_grad(rows), values.view(2, 5, 1, 4))
    assert torch.equal(q.no_grad(rows, actions.view(5, 1)), of_actions.view(2, 5, 1))


def test_critics_share_no_weight() -> None:
    model = Ensemble(nn.Linear(1, 1) for _ in range(2))
    model(torch.ones(1, 1))[0].sum().backward()
    assert model.networks[0].weight.grad.item() == 1
    assert model.networks[1].weight.grad.item() == 0


def test_random_choices_are_equally_likely_and_go_on_after_loading() -> None:
    choices = RandomChoices(3, torch.Generator().manual_seed(0))
    before = torch.get_rng_state()
    drawn = choices.uniform(StateArray({"observation": torch.zeros(30_000, 1)}, (30_000,)))
    assert torch.equal(torch.get_rng_state(), before)
    assert drawn.dtype == torch.int64
    assert (drawn.bincount(minlength=3) / 30_000).tolist() == pytest.approx([1 / 3] * 3, abs=0.01)
    alone = State({"observation": torch.zeros(1)})
    assert choices.uniform(alone).shape == ()
    other = RandomChoices(3, torch.Generator())
    other.load_state_dict(choices.state_dict())
    assert [int(choices.uniform(alone)) for _ in range(20)] == [int(other.uniform(alone)) for _ in range(20)]
