"""Quantiles of discrete actions: shapes, the mask, and random fractions that never touch the global generator."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from allcore.approximation import FixedTarget, QImplicitQuantiles, QQuantiles
from allcore.core import State, StateArray
from allcore.errors import HyperparameterError
from allcore.nn import CosineEmbedding, ImplicitQuantileNetwork
from allcore.policies import GreedyPolicy


class Given(nn.Module):
    """Gives its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def _states() -> StateArray:
    """Two states of two actions with three quantiles each; the second is terminal."""
    observation = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [-1.0, 0.0, 4.0, 2.0, 2.0, -7.0]])
    return StateArray({"observation": observation, "mask": torch.tensor([1.0, 0.0])}, (2,))


def test_quantiles_of_all_actions_and_of_some() -> None:
    q = QQuantiles(Given(), None, 2, 3)
    assert q(_states()).tolist() == [[[1, 2, 3], [4, 5, 6]], [[0, 0, 0], [0, 0, 0]]]
    assert q(_states(), torch.tensor([1, 0])).tolist() == [[4, 5, 6], [0, 0, 0]]
    assert q.fractions.tolist() == pytest.approx([1 / 6, 0.5, 5 / 6])


def test_values_for_acting_are_means_without_the_mask() -> None:
    q = QQuantiles(Given(), None, 2, 3)
    assert q.action_values(_states()).tolist() == [[2, 5], [1, -1]]
    alone = State({"observation": torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), "mask": 0.0})
    assert q.action_values(alone).tolist() == [2, 5]
    assert q(alone, 1).tolist() == [0, 0, 0]
    assert GreedyPolicy(q, 2, 0.0, torch.Generator()).eval(_states()).tolist() == [1, 0]


def test_what_cannot_be() -> None:
    with pytest.raises(HyperparameterError):
        QQuantiles(Given(), None, 2, 0)
    with pytest.raises(HyperparameterError):
        QImplicitQuantiles(Given(), None, n_acting=0, generator=torch.Generator())


def test_the_cosines_are_those_of_the_paper() -> None:
    embedding = CosineEmbedding(5, n_cosines=4)
    fractions = np.array([[0.1, 0.7, 1.0]])
    cosines = np.cos(np.pi * np.arange(4) * fractions[..., None])
    weight, bias = embedding.linear.weight.detach().numpy(), embedding.linear.bias.detach().numpy()
    expected = np.maximum(0, cosines @ weight.T + bias)
    given = embedding(torch.tensor(fractions, dtype=torch.float32)).detach().numpy()
    assert given == pytest.approx(expected, abs=1e-6)
    assert list(embedding.state_dict()) == ["linear.weight", "linear.bias"]


def _network(n_actions: int = 2) -> ImplicitQuantileNetwork:
    torch.manual_seed(0)
    # A head that flattens its input, as those of presets do, must not mix fractions up.
    return ImplicitQuantileNetwork(
        nn.Linear(3, 4), 4, nn.Sequential(nn.Flatten(), nn.Linear(4, n_actions)), n_cosines=8
    )


def test_every_quantile_is_that_of_its_own_observation_and_fraction() -> None:
    network = _network()
    observations, fractions = torch.randn(5, 3), torch.rand(5, 6)
    together = network(observations, fractions)
    assert together.shape == (5, 2, 6)
    for n in range(5):
        for k in range(6):
            alone = network(observations[n : n + 1], fractions[n : n + 1, k : k + 1])
            assert together[n, :, k].tolist() == pytest.approx(alone.flatten().tolist(), abs=1e-6)


def test_implicit_quantiles_of_states() -> None:
    q = QImplicitQuantiles(_network(), None, n_acting=7, generator=torch.Generator())
    states = StateArray({"observation": torch.randn(2, 3), "mask": torch.tensor([1.0, 0.0])}, (2,))
    fractions = q.draw(states, 4)
    quantiles = q.no_grad(states, fractions)
    assert quantiles.shape == (2, 2, 4)
    assert not quantiles[1].any()
    assert torch.equal(q.no_grad(states, fractions, torch.tensor([1, 0]))[0], quantiles[0, 1])
    assert q.action_values(states).shape == (2, 2)
    assert q.action_values(states)[1].any()
    alone = states[0]
    assert q.draw(alone, 4).shape == (4,)
    assert q.no_grad(alone, fractions[0]).flatten().tolist() == pytest.approx(quantiles[0].flatten().tolist())
    assert q.action_values(alone).shape == (2,)


class Sees(nn.Module):
    """Keeps the fractions that it is asked for."""

    def forward(self, observations: torch.Tensor, fractions: torch.Tensor) -> torch.Tensor:
        self.seen = fractions
        return fractions.unsqueeze(1).expand(-1, 2, -1)


def test_fractions_are_drawn_anew_for_each_state_and_each_call() -> None:
    model = Sees()
    q = QImplicitQuantiles(model, None, n_acting=32, generator=torch.Generator().manual_seed(1))
    states = StateArray({"observation": torch.zeros(50, 1)}, (50,))
    draws = [q.draw(states, 32), q.draw(states, 32)]
    for _ in range(2):
        q.action_values(states)
        draws.append(model.seen)
    together = torch.cat(draws)
    assert together.shape == (200, 32)
    assert (
        together.flatten().unique().numel() > 6300
    )  # of 6400 in single precision: no row or call repeats another
    assert together.min() >= 0
    assert together.max() < 1
    assert together.mean().item() == pytest.approx(0.5, abs=0.02)


def test_fractions_come_from_the_stream_handed_over_and_go_on_after_loading() -> None:
    states = StateArray({"observation": torch.zeros(3, 3)}, (3,))

    def make(seed: int) -> QImplicitQuantiles:
        return QImplicitQuantiles(
            _network(), None, generator=torch.Generator().manual_seed(seed), target=FixedTarget(1)
        )

    first, again, other = make(1), make(1), make(2)
    before = torch.get_rng_state()
    drawn = first.draw(states, 5)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(drawn, again.draw(states, 5))
    assert not torch.equal(drawn, other.draw(states, 5))
    other.load_state_dict(copy.deepcopy(first.state_dict()))
    assert torch.equal(first.draw(states, 5), other.draw(states, 5))
