"""GreedyPolicy: exact where it can be, in the right proportions where it cannot."""

import pytest
import torch
from torch import nn

from allcore.approximation import QNetwork
from allcore.core import State, StateArray
from allcore.optim import Linear
from allcore.policies import GreedyPolicy

A = 4


class Table(nn.Module):
    """Values [N, 4] that are the observation itself; counts its calls."""

    calls = 0

    def forward(self, observation):
        self.calls += 1
        return observation


def policy(epsilon, seed=0, **options):
    return GreedyPolicy(QNetwork(Table()), A, epsilon, torch.Generator().manual_seed(seed), **options)


def state(best=2, **entries):
    return State({"observation": torch.nn.functional.one_hot(torch.tensor(best), A).float(), **entries})


def states(best, **entries):
    best = torch.tensor(best)
    return StateArray(
        {"observation": torch.nn.functional.one_hot(best, A).float(), **entries}, tuple(best.shape)
    )


def test_without_exploring_it_is_exactly_greedy_and_draws_nothing():
    greedy = policy(0.0)
    before = greedy.state_dict()["generator"].clone()
    assert [greedy.no_grad(state(best)).item() for best in (0, 3, 1)] == [0, 3, 1]
    assert greedy.no_grad(states([2, 0, 3])).tolist() == [2, 0, 3]
    assert torch.equal(greedy.state_dict()["generator"], before)


@pytest.mark.parametrize("one", [True, False])
def test_actions_are_int64_in_the_shape_of_the_states(one):
    for epsilon in (0.0, 0.5, 1.0):
        action = policy(epsilon).no_grad(state() if one else states([1, 2]))
        assert action.dtype == torch.int64
        assert action.shape == (() if one else (2,))


def test_always_exploring_never_asks_the_model():
    random = policy(1.0)
    for _ in range(10):
        random.no_grad(state())
        random.no_grad(states([1, 2, 3]))
    assert random.q.model.model.calls == 0


def chi_square(counts, expected):
    return sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))


@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize("epsilon", [1.0, 0.4])
def test_proportions(one, epsilon):
    # 16.27 is the 99.9 % point of chi square with 3 degrees of freedom.
    n = 4000
    explorer = policy(epsilon, seed=3)
    if one:
        actions = torch.stack([explorer.no_grad(state(2)) for _ in range(n)])
    else:
        actions = torch.cat([explorer.no_grad(states([2] * 50)) for _ in range(n // 50)])
    expected = [n * epsilon / A] * A
    expected[2] += n * (1 - epsilon)
    assert chi_square(torch.bincount(actions, minlength=A).tolist(), expected) < 16.27


def test_one_state_and_an_array_of_one_act_alike():
    single, array = policy(0.5, seed=7), policy(0.5, seed=7)
    for best in [0, 1, 2, 3] * 10:
        assert single.no_grad(state(best)).item() == array.no_grad(states([best])).item()
    assert torch.equal(single.state_dict()["generator"], array.state_dict()["generator"])
    assert single.q.model.model.calls == array.q.model.model.calls


def test_of_equals_the_first():
    equal = State({"observation": torch.tensor([1.0, 5.0, 5.0, 5.0])})
    assert policy(0.0).no_grad(equal).item() == 1


def test_a_lost_life_does_not_change_the_action():
    assert policy(0.0).no_grad(state(3, mask=0.0)).item() == 3
    assert policy(0.0).no_grad(states([3, 2], mask=torch.tensor([0.0, 1.0]))).tolist() == [3, 2]


def test_it_counts_actions_for_states_that_are_not_done():
    counting = policy(0.5)
    counting.no_grad(state())
    counting.no_grad(state(done=True))
    assert counting.steps == 1
    counting.no_grad(states([0, 1, 2], done=torch.tensor([False, True, False])))
    assert counting.steps == 3
    counting.eval(state())
    assert counting.steps == 3


def test_epsilon_follows_the_count():
    explorer = policy(Linear(1.0, 0.0, 0, 3))
    seen = []
    explorer._choose = lambda _state, epsilon: seen.append(epsilon)
    for _ in range(4):
        explorer.no_grad(state())
        explorer.no_grad(state(done=True))
    assert seen == pytest.approx([1.0, 2 / 3, 2 / 3, 1 / 3, 1 / 3, 0.0, 0.0, 0.0])


def test_evaluation_is_greedy_in_eval_mode():
    explorer = policy(1.0)
    modes = []
    explorer.q.model.model.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    assert [explorer.eval(state(best)).item() for best in (0, 3, 1)] == [0, 3, 1]
    assert explorer.eval(states([1, 2])).tolist() == [1, 2]
    assert modes == [False] * 4
    assert explorer.q.model.training


def test_evaluation_may_explore_a_little():
    tester = policy(0.0, evaluation_epsilon=0.5)
    actions = [tester.eval(state(2)).item() for _ in range(200)]
    assert set(actions) == {0, 1, 2, 3}
    assert actions.count(2) > 100


def test_it_goes_on_where_it_stood():
    one = policy(0.7, seed=5)
    for _ in range(10):
        one.no_grad(state())
    two = policy(0.7, seed=6)
    two.load_state_dict(one.state_dict())
    assert two.steps == 10
    assert [one.no_grad(state()).item() for _ in range(30)] == [
        two.no_grad(state()).item() for _ in range(30)
    ]
