"""QDist: probabilities, the mask, and the projection against a plain loop."""

import math

import pytest
import torch
from hypothesis import given, strategies as st
from torch import nn

from allcore.approximation import FixedTarget, QDist
from allcore.core import State, StateArray
from allcore.errors import HyperparameterError
from allcore.policies import GreedyPolicy

LOG3 = math.log(3.0)


class Logits(nn.Module):
    """The observation is the logits."""

    def forward(self, observation):
        return observation


def q_dist(n_actions=2, n_atoms=2, v_min=-1.0, v_max=3.0, model=None):
    return QDist(model or Logits(), None, n_actions, n_atoms, v_min, v_max, target=FixedTarget(1))


def states(rows, mask=None):
    entries = {"observation": torch.tensor(rows)}
    if mask is not None:
        entries["mask"] = torch.tensor(mask)
    return StateArray(entries, (len(rows),))


def close(tensor, expected):
    assert torch.allclose(tensor, torch.tensor(expected)), tensor


@pytest.mark.parametrize("ask", ["__call__", "no_grad", "eval", "target"])
def test_probabilities_by_hand(ask):
    # Two atoms, two actions: logits (0, log 3) are probabilities (1/4, 3/4).
    two = states([[0.0, LOG3, 0.0, 0.0]] * 2)
    close(getattr(q_dist(), ask)(two), [[[0.25, 0.75], [0.5, 0.5]]] * 2)
    close(getattr(q_dist(), ask)(two, torch.tensor([0, 1])), [[0.25, 0.75], [0.5, 0.5]])
    one = State({"observation": torch.tensor([0.0, LOG3, 0.0, 0.0])})
    close(getattr(q_dist(), ask)(one), [[0.25, 0.75], [0.5, 0.5]])
    close(getattr(q_dist(), ask)(one, 1), [0.5, 0.5])


@pytest.mark.parametrize(
    ("v_min", "v_max", "n_atoms", "expected"),
    [
        (-1.0, 1.0, 3, [0.0, 1.0, 0.0]),
        (-1.0, 3.0, 2, [0.75, 0.25]),
        (2.0, 4.0, 2, [1.0, 0.0]),
        (-4.0, -2.0, 2, [0.0, 1.0]),
    ],
)
def test_where_the_mask_is_zero_the_return_is_surely_zero(v_min, v_max, n_atoms, expected):
    q = q_dist(1, n_atoms, v_min, v_max)
    logits = [0.3 * i for i in range(n_atoms)]
    masked, plain = q(states([logits, logits], [0.0, 1.0]))
    close(masked, [expected])
    assert torch.equal(plain, torch.tensor([logits]).softmax(-1))
    close(q(State({"observation": torch.tensor(logits), "done": True})), [expected])


def test_log_probabilities_survive_underflow_and_know_no_mask():
    q = q_dist(1, 2)
    logs = q.log_probabilities(states([[0.0, 200.0], [0.0, LOG3]], [1.0, 0.0]), torch.tensor([0, 0]))
    close(logs, [[-200.0, 0.0], [math.log(0.25), math.log(0.75)]])


def test_gradients_flow_to_the_model():
    model = nn.Linear(1, 4)
    q = q_dist(model=model)
    q.log_probabilities(states([[1.0]]), torch.tensor([1])).sum().backward()
    assert model.weight.grad[:2].abs().sum() == 0
    assert model.bias.grad is not None


def test_expected_returns_for_acting():
    # Atoms -1 and 3: expectations 2 and 1; a masked state is asked like any other.
    two = states([[0.0, LOG3, 0.0, 0.0], [0.0, 0.0, 0.0, LOG3]], [1.0, 0.0])
    close(q_dist().action_values(two), [[2.0, 1.0], [1.0, 2.0]])
    assert GreedyPolicy(q_dist(), 2, 0.0, torch.Generator()).no_grad(two).tolist() == [0, 1]


def test_no_atoms_make_no_sense():
    for n_atoms, v_min, v_max in [(1, 0.0, 1.0), (2, 1.0, 1.0)]:
        with pytest.raises(HyperparameterError, match="cannot be spread"):
            q_dist(1, n_atoms, v_min, v_max)


def project_slowly(rewards, discounts, probabilities, atoms):
    step = (atoms[-1] - atoms[0]) / (len(atoms) - 1)
    result = torch.zeros_like(probabilities)
    for n in range(len(rewards)):
        for j, atom in enumerate(atoms):
            b = (min(max(rewards[n] + discounts[n] * atom, atoms[0]), atoms[-1]) - atoms[0]) / step
            low = min(int(b), len(atoms) - 2)
            result[n, low] += probabilities[n, j] * (low + 1 - b)
            result[n, low + 1] += probabilities[n, j] * (b - low)
    return result


@pytest.mark.parametrize(
    ("reward", "discount", "expected"),
    [
        (0.0, 1.0, [0.1, 0.2, 0.7]),  # every shifted atom falls on an atom: no mass is lost
        (1.0, 1.0, [0.0, 0.1, 0.9]),  # one atom further, the last ones clamped together
        (0.5, 0.0, [0.0, 0.5, 0.5]),  # terminal: all mass at the reward
        (0.0, 0.5, [0.05, 0.6, 0.35]),  # shrunk: each outer atom shares with the middle
        (-9.0, 1.0, [1.0, 0.0, 0.0]),
    ],
)
def test_projection_by_hand(reward, discount, expected):
    q = q_dist(1, 3, -1.0, 1.0)
    projected = q.project(torch.tensor([reward]), torch.tensor([discount]), torch.tensor([[0.1, 0.2, 0.7]]))
    close(projected, [expected])


@given(
    st.integers(2, 11),
    st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 10)), min_size=1, max_size=4),
    st.integers(0, 2**31),
)
def test_projection_against_a_loop(n_atoms, transitions, seed):
    q = q_dist(1, n_atoms, -2.0, 3.0)
    rewards = torch.tensor([reward / 10 for reward, _ in transitions])
    discounts = torch.tensor([discount / 10 for _, discount in transitions])
    logits = torch.randn(len(transitions), n_atoms, generator=torch.Generator().manual_seed(seed))
    projected = q.project(rewards, discounts, logits.softmax(-1))
    assert torch.allclose(projected.sum(-1), torch.ones(len(transitions)), atol=1e-5)
    slowly = project_slowly(rewards.tolist(), discounts.tolist(), logits.softmax(-1), q.atoms.tolist())
    assert torch.allclose(projected, slowly, atol=1e-5)


def test_projection_preserves_the_mean_inside_the_support():
    q = q_dist(1, 51, -10.0, 10.0)
    probabilities = torch.randn(4, 51, generator=torch.Generator().manual_seed(0)).softmax(-1)
    rewards = torch.tensor([0.37, -0.2, 0.0, 0.11])
    projected = q.project(rewards, torch.full((4,), 0.9), probabilities)
    assert torch.allclose(q.expectation(projected), rewards + 0.9 * q.expectation(probabilities), atol=1e-5)
