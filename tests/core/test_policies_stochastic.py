"""Distributions of actions and the policies that give them, by hand and by integration."""

import math

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn

from allcore.core import State, StateArray
from allcore.errors import UsageError
from allcore.policies import DeterministicPolicy, GaussianPolicy, SoftDeterministicPolicy, SoftmaxPolicy
from allcore.policies.distributions import Categorical, DiagonalGaussian, log_tanh_derivative

SPACE = Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 10.0], np.float32))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class Echo(nn.Module):
    """The observation is the answer."""

    def forward(self, observation):
        return observation


def state(*numbers, **entries):
    return State({"observation": torch.tensor(numbers), **entries})


def states(*rows, **entries):
    return StateArray({"observation": torch.tensor(rows), **entries}, (len(rows),))


# ---- discrete


def test_categorical_by_hand():
    pi = Categorical.of(torch.tensor([[0.0, math.log(3.0)], [5.0, 5.0]]), generator())
    assert torch.allclose(pi.probabilities, torch.tensor([[0.25, 0.75], [0.5, 0.5]]))
    assert pi.log_prob(torch.tensor([0, 1])).tolist() == pytest.approx([math.log(0.25), math.log(0.5)])
    entropy = -0.25 * math.log(0.25) - 0.75 * math.log(0.75)
    assert pi.entropy().tolist() == pytest.approx([entropy, math.log(2)])
    assert pi.mode().tolist() == [1, 0]


def test_an_impossible_action_adds_nothing_to_the_entropy():
    pi = Categorical.of(torch.tensor([0.0, 0.0, -math.inf]), generator())
    assert pi.entropy().item() == pytest.approx(math.log(2))
    assert {pi.sample().item() for _ in range(50)} == {0, 1}


def test_categorical_proportions():
    pi = Categorical.of(torch.tensor([0.1, 0.2, 0.7]).log().expand(6000, 3), generator(1))
    counts = torch.bincount(pi.sample(), minlength=3).tolist()
    # 13.8 is the 99.9 % point of chi square with 2 degrees of freedom.
    assert sum((c - e) ** 2 / e for c, e in zip(counts, [600, 1200, 4200], strict=True)) < 13.8


def test_categorical_draws_the_first_of_clocks_that_ring_at_the_rates():
    ours, theirs = generator(2), generator(2)
    for shape in ((2,), (8, 3), (4, 5, 6)):
        pi = Categorical.of(torch.randn(shape, generator=generator(4)), ours)
        clocks = -torch.rand(shape, generator=theirs).double().log() / pi.probabilities.double()
        assert torch.equal(pi.sample(), clocks.argmin(-1))


@pytest.mark.parametrize("drawn", [0.0, 2**-24, 0.5, 1 - 2**-24])
def test_an_impossible_action_is_never_drawn_whatever_the_numbers(drawn, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.full(shape, drawn))
    pi = Categorical.of(torch.tensor([[-math.inf, 3.0, -math.inf], [-math.inf, -80.0, 0.0]]), generator())
    assert pi.sample().tolist() == [1, 2]


def test_softmax_policy_acts_alike_for_one_state_and_an_array_of_one():
    one, array = (SoftmaxPolicy(Echo(), generator=generator(3)) for _ in range(2))
    for numbers in ([0.0, 1.0], [1.0, 0.5], [0.1, 0.1]) * 5:
        assert one.no_grad(state(*numbers)).sample().item() == array.no_grad(states(numbers)).sample().item()


def test_softmax_policy_ignores_the_mask_and_draws_gradients_only_when_called():
    model = nn.Linear(2, 3)
    policy = SoftmaxPolicy(model, generator=generator())
    two = states([1.0, 2.0], [1.0, 2.0], mask=torch.tensor([0.0, 1.0]))
    distribution = policy(two)
    assert torch.equal(distribution.probabilities[0], distribution.probabilities[1])
    assert distribution.log_prob(torch.tensor([0, 1])).requires_grad
    assert not policy.no_grad(two).probabilities.requires_grad
    assert policy.eval(two).sample().shape == (2,)


def test_a_policy_goes_on_drawing_where_it_stood():
    one, two = (SoftmaxPolicy(Echo(), generator=generator(seed)) for seed in (1, 2))
    flat = states([0.0] * 4)
    for _ in range(3):
        one.no_grad(flat).sample()
    two.load_state_dict(one.state_dict())
    draws = [[policy.no_grad(flat).sample().item() for _ in range(20)] for policy in (one, two)]
    assert draws[0] == draws[1]


# ---- Gaussian


def test_gaussian_by_hand():
    pi = DiagonalGaussian(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, math.log(2.0)]]), generator())

    def density(x, mean, std):
        return math.exp(-0.5 * ((x - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))

    expected = math.log(density(3.0, 1.0, 1.0) * density(-1.0, 0.0, 2.0))
    assert pi.log_prob(torch.tensor([[3.0, -1.0]])).tolist() == pytest.approx([expected])
    entropy = 0.5 * math.log(2 * math.pi * math.e) + 0.5 * math.log(2 * math.pi * math.e * 4)
    assert pi.entropy().tolist() == pytest.approx([entropy])
    assert pi.mode().tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("shape", [(2,), (1, 2), (3, 1), (3, 3, 2)])
def test_no_density_of_actions_of_another_shape(shape):
    pi = DiagonalGaussian(torch.zeros(3, 2), torch.zeros(3, 2), generator())
    with pytest.raises(UsageError, match=r"under means of shape \[3, 2\]"):
        pi.log_prob(torch.zeros(shape))


@pytest.mark.parametrize("kind", [GaussianPolicy, SoftDeterministicPolicy])
@pytest.mark.parametrize("numbers", [[0.0], [0.0, 1.0, 2.0]])
def test_every_mean_needs_a_deviation(kind, numbers):
    policy = kind(Echo(), None, Box(-1.0, 1.0, (1,)), generator=generator())
    with pytest.raises(UsageError, match=f"gives {len(numbers)} numbers"):
        policy.no_grad(state(*numbers))


def test_gaussian_samples_have_the_right_moments():
    pi = DiagonalGaussian(torch.full((40_000,), 3.0), torch.full((40_000,), math.log(0.5)), generator())
    sample = pi.sample()
    assert sample.mean().item() == pytest.approx(3.0, abs=0.01)
    assert sample.std().item() == pytest.approx(0.5, abs=0.01)


def test_only_rsample_draws_gradients():
    mean = torch.zeros(2, requires_grad=True)
    pi = DiagonalGaussian(mean, torch.zeros(2), generator())
    assert not pi.sample().requires_grad
    pi.rsample().sum().backward()
    assert mean.grad.tolist() == [1.0, 1.0]


def test_gaussian_policy_without_bounds():
    pi = GaussianPolicy(Echo(), generator=generator())(state(0.5, -7.0, 0.0, 1.0))
    assert pi.mean.tolist() == [0.5, -7.0]
    assert pi.log_std.tolist() == [0.0, 1.0]


def test_gaussian_policy_with_bounds():
    # Centers (1, 5), scales (2, 5).
    pi = GaussianPolicy(Echo(), None, SPACE, generator=generator())(states([0.0, 50.0, 0.0, -1.0]))
    assert pi.mean.tolist() == [[1.0, 10.0]]
    assert pi.log_std[0].exp().tolist() == pytest.approx([2.0, 5.0 * math.exp(-1)])
    assert pi.sample().shape == (1, 2)


# ---- deterministic


def test_deterministic_policy():
    policy = DeterministicPolicy(Echo(), None, SPACE)
    assert policy(state(0.0, -50.0)).tolist() == [1.0, 0.0]
    masked = states([0.0, 0.0], mask=torch.tensor([0.0]))
    assert policy.no_grad(masked).tolist() == [[1.0, 5.0]]


def test_bounds_must_be_finite():
    with pytest.raises(UsageError, match="no finite bounds"):
        DeterministicPolicy(Echo(), None, Box(-np.inf, np.inf, (1,)))


# ---- soft deterministic


def test_log_derivative_of_tanh():
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    assert torch.allclose(log_tanh_derivative(x), torch.log(1 - torch.tanh(x) ** 2))
    # Far out, 1 - tanh^2 rounds to zero in single precision; its logarithm is log 4 - 2 |x|.
    assert log_tanh_derivative(torch.tensor(50.0)).item() == pytest.approx(math.log(4) - 100)
    assert log_tanh_derivative(torch.tensor(-50.0)).item() == pytest.approx(math.log(4) - 100)


@pytest.mark.parametrize(("mean", "log_std"), [(0.0, 0.0), (1.0, -0.5), (-0.7, 0.6)])
def test_the_density_of_squashed_actions_integrates_to_one(mean, log_std):
    space = Box(-1.0, 4.0, (1,))
    policy = SoftDeterministicPolicy(Echo(), None, space, generator=generator())
    u = torch.linspace(-12, 12, 20_001, dtype=torch.float64).unsqueeze(-1)
    gaussian = DiagonalGaussian(torch.full_like(u, mean), torch.full_like(u, log_std), generator())
    density = policy.model.log_prob(gaussian, u).exp()
    assert torch.trapezoid(density, torch.tanh(u).squeeze(-1)).item() == pytest.approx(1.0, abs=1e-5)
    # Of the action itself it is smaller by the scale.
    actions = policy.model.bound(u).squeeze(-1)
    assert torch.trapezoid(density / 2.5, actions).item() == pytest.approx(1.0, abs=1e-5)


def test_samples_come_with_their_own_log_density():
    policy = SoftDeterministicPolicy(Echo(), None, SPACE, generator=generator())
    action, log_prob = policy(states([0.3, -0.4, -0.5, 0.2]))
    # Back through the squashing, in double precision, and the formula as it stands in a textbook.
    squashed = (action.double()[0] - torch.tensor([1.0, 5.0])) / torch.tensor([2.0, 5.0])
    u = torch.atanh(squashed)
    mean, std = torch.tensor([0.3, -0.4]), torch.tensor([-0.5, 0.2]).exp()
    normal = torch.distributions.Normal(mean.double(), std.double()).log_prob(u)
    jacobian = torch.log(1 - squashed**2)
    assert log_prob.item() == pytest.approx((normal - jacobian).sum().item(), abs=1e-4)


def test_sampled_actions_stay_in_bounds_and_gradients_finite():
    answer = torch.tensor([[80.0, -80.0, 9.0, -90.0]], requires_grad=True)
    policy = SoftDeterministicPolicy(Echo(), None, SPACE, generator=generator())
    action, log_prob = policy(StateArray({"observation": answer}, (1,)))
    assert ((action >= torch.tensor(SPACE.low)) & (action <= torch.tensor(SPACE.high))).all()
    (action.sum() + log_prob.sum()).backward()
    assert answer.grad.isfinite().all()


def test_evaluation_takes_the_squashed_mean():
    policy = SoftDeterministicPolicy(Echo(), None, SPACE, generator=generator())
    assert policy.eval(state(0.0, 50.0, 1.0, 1.0)).tolist() == [1.0, 10.0]
    action, log_prob = policy.no_grad(state(0.0, 0.0, 0.0, 0.0))
    assert action.shape == (2,)
    assert log_prob.shape == ()
    assert not action.requires_grad


def test_densities_do_not_depend_on_the_units_of_the_actions():
    wide, narrow = (
        SoftDeterministicPolicy(Echo(), None, Box(-bound, bound, (2,)), generator=generator())
        for bound in (4.0, 0.4)
    )
    (wide_action, wide_log), (narrow_action, narrow_log) = (
        policy(states([0.3, -0.4, -0.5, 0.2])) for policy in (wide, narrow)
    )
    assert torch.allclose(wide_action, 10 * narrow_action)
    assert torch.equal(wide_log, narrow_log)


def test_evaluation_can_draw_with_the_network_in_eval_mode():
    policy = SoftDeterministicPolicy(nn.Dropout(1.0), None, SPACE, generator=generator())
    mean, log_std = [0.3, -0.4], [-30.0, -30.0]  # clamped to -20: the mean but for rounding
    action, log_prob = policy.eval(state(*mean, *log_std), sample=True)
    assert torch.allclose(action, policy.eval(state(*mean, *log_std)))
    assert log_prob.shape == ()
    assert not torch.allclose(policy.no_grad(state(*mean, *log_std))[0], action)
    assert policy.model.training


def test_deviations_end_at_the_square_of_e():
    drawn = []
    for log_std in (9.0, 2.0):  # the first is clamped to the second, so that both draw alike
        policy = SoftDeterministicPolicy(nn.Identity(), None, SPACE, generator=generator(1))
        drawn.append(policy.no_grad(states([0.3, -0.4, log_std, log_std])))
    (action, log_prob), (other_action, other_log_prob) = drawn
    assert torch.equal(action, other_action)
    assert torch.equal(log_prob, other_log_prob)


def test_the_gradient_of_entropy_is_that_of_a_monte_carlo_estimate():
    # For a squashed Gaussian, H = E[log(1 - tanh^2 u)] + Gaussian entropy.
    log_std = torch.zeros(1, requires_grad=True)
    n = 200_000
    answer = torch.cat((torch.zeros(n, 1), log_std.expand(n, 1)), dim=1)
    policy = SoftDeterministicPolicy(Echo(), None, Box(-2.0, 2.0, (1,)), generator=generator())
    _, log_prob = policy(StateArray({"observation": answer}, (n,)))
    (-log_prob.mean()).backward()
    u = torch.linspace(-12, 12, 20_001, dtype=torch.float64)

    def entropy(log_std):
        density = torch.exp(-0.5 * (u / math.exp(log_std)) ** 2) / (
            math.exp(log_std) * math.sqrt(2 * math.pi)
        )
        correction = torch.trapezoid(density * log_tanh_derivative(u), u).item()
        return correction + log_std + 0.5 * math.log(2 * math.pi * math.e)

    slope = (entropy(1e-4) - entropy(-1e-4)) / 2e-4
    assert -log_prob.mean().item() == pytest.approx(entropy(0.0), abs=0.01)
    assert log_std.grad.item() == pytest.approx(slope, abs=0.02)


def test_nothing_draws_from_the_global_generator():
    before = torch.random.get_rng_state()
    SoftmaxPolicy(Echo(), generator=generator())(state(0.0, 0.0)).sample()
    GaussianPolicy(Echo(), generator=generator())(state(0.0, 0.0)).sample()
    SoftDeterministicPolicy(Echo(), None, SPACE, generator=generator())(state(0.0, 0.0, 0.0, 0.0))
    assert torch.equal(before, torch.random.get_rng_state())
