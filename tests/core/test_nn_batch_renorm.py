"""Batch renormalisation against the algorithm of its paper, written down with NumPy."""

import copy

import numpy as np
import pytest
import torch

from allcore.nn import BatchRenorm


class Ioffe:
    """Ioffe (2017), Algorithm 1, with moving averages `mu` and `sigma`."""

    def __init__(self, n_features, gamma, beta, *, rate=0.01, eps=1e-3, r_max=3.0, d_max=5.0):
        self.mu, self.sigma = np.zeros(n_features), np.ones(n_features)
        self.gamma, self.beta, self.rate, self.eps = gamma, beta, rate, eps
        self.r_max, self.d_max = r_max, d_max

    def train(self, x):
        mu_b = x.mean(0)
        sigma_b = np.sqrt(self.eps + ((x - mu_b) ** 2).mean(0))
        r = np.clip(sigma_b / self.sigma, 1 / self.r_max, self.r_max)
        d = np.clip((mu_b - self.mu) / self.sigma, -self.d_max, self.d_max)
        x_hat = (x - mu_b) / sigma_b * r + d
        self.mu = self.mu + self.rate * (mu_b - self.mu)
        self.sigma = self.sigma + self.rate * (sigma_b - self.sigma)
        return self.gamma * x_hat + self.beta

    def evaluate(self, x):
        return self.gamma * (x - self.mu) / self.sigma + self.beta


def _pair(warm_up=0, **options):
    layer = BatchRenorm(3, warm_up=warm_up, **options)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0, -0.5]]))
        layer.bias.copy_(torch.tensor([[0.0, 1.0, 3.0]]))
    names = {"rate": "rate", "max_factor": "r_max", "max_shift": "d_max", "eps": "eps"}
    paper = Ioffe(
        3, np.array([1, 2, -0.5]), np.array([0, 1, 3]), **{names[key]: options[key] for key in options}
    )
    return layer, paper


def _batches(n, scale=(0.1, 5.0, 1.0), shift=(0.0, 2.0, -30.0)):
    """Batches whose statistics lie on either side of what is clipped."""
    draw = np.random.default_rng(0)
    return [draw.normal(size=(16, 3)) * scale + shift for _ in range(n)]


@pytest.mark.parametrize("options", [{}, {"rate": 0.3}, {"max_factor": 1.5, "max_shift": 0.5}, {"eps": 0.1}])
def test_training_and_evaluation_are_the_papers(options):
    layer, paper = _pair(**options)
    for batch in _batches(20):
        x = torch.tensor(batch, dtype=torch.float32)
        assert layer(x).detach().numpy() == pytest.approx(paper.train(batch), abs=1e-3, rel=1e-4)
    layer.eval()
    before = copy.deepcopy(layer.state_dict())
    for batch in _batches(3):
        x = torch.tensor(batch, dtype=torch.float32)
        assert layer(x).detach().numpy() == pytest.approx(paper.evaluate(batch), abs=1e-3, rel=1e-4)
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())


def test_without_clipping_training_is_evaluation():
    layer, _ = _pair(max_factor=1e6, max_shift=1e6)
    x = torch.randn(8, 3) * 4 + 2
    expected = copy.deepcopy(layer).eval()(x)
    assert torch.allclose(layer(x), expected, atol=1e-5)


def test_during_the_warm_up_it_is_batch_normalisation():
    layer, _ = _pair(warm_up=2)
    norm = torch.nn.BatchNorm1d(3, eps=1e-3)
    norm.load_state_dict(
        {
            "weight": layer.weight[0],
            "bias": layer.bias[0],
            "running_mean": torch.zeros(3),
            "running_var": torch.ones(3),
        },
        strict=False,
    )
    batches = [torch.tensor(batch, dtype=torch.float32) for batch in _batches(3)]
    for batch in batches[:2]:
        assert torch.allclose(layer(batch), norm(batch), atol=1e-4)
    assert not torch.allclose(layer(batches[2]), norm(batches[2]), atol=1e-1)
    assert layer.calls == 3


def test_gradients_take_factor_and_shift_for_constants():
    """d loss / dx of (x - mean) / deviation * r + d by central differences, with r and d held."""
    layer, paper = _pair()
    x = _batches(1)[0]
    weights = np.random.default_rng(1).normal(size=x.shape)
    sigma_b = np.sqrt(1e-3 + x.var(0))
    r, d = np.clip(sigma_b, 1 / 3, 3), np.clip(x.mean(0), -5, 5)

    def loss(x):
        x_hat = (x - x.mean(0)) / np.sqrt(1e-3 + x.var(0)) * r + d
        return float((weights * (paper.gamma * x_hat + paper.beta)).sum())

    given = torch.tensor(x, dtype=torch.float32, requires_grad=True)
    (layer(given) * torch.tensor(weights, dtype=torch.float32)).sum().backward()
    for place in [(0, 0), (3, 1), (7, 2)]:
        step = np.zeros_like(x)
        step[place] = 1e-5
        slope = (loss(x + step) - loss(x - step)) / 2e-5
        assert given.grad[place].item() == pytest.approx(slope, rel=1e-2, abs=1e-3)


def test_each_of_stacked_networks_has_its_own():
    torch.manual_seed(0)
    stacked, single = BatchRenorm(3, 2, warm_up=0), [BatchRenorm(3, warm_up=0) for _ in range(2)]
    for _ in range(3):
        x = torch.randn(2, 8, 3) * torch.tensor([1.0, 4.0])[:, None, None]
        expected = torch.stack([layer(x[index]) for index, layer in enumerate(single)])
        assert torch.allclose(stacked(x), expected, atol=1e-6)
    assert not torch.allclose(stacked.deviation[0], stacked.deviation[1])
    shared = torch.randn(8, 3)
    assert stacked(shared).shape == (2, 8, 3)
    assert stacked.eval()(shared).shape == (2, 8, 3)
