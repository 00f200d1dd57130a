"""Noisy layers: the formula, when noise is drawn, and whose it is."""

import copy
import math

import pytest
import torch
from torch import nn

from allcore.approximation import Approximation, FixedTarget
from allcore.checkpoint import load_state, save_state
from allcore.nn import NoisyFactorizedLinear, NoisyLinear, RandomStream

LAYERS = [NoisyLinear, NoisyFactorizedLinear]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def by_hand(layer):
    """Two inputs, one output: means (1, 2) and bias 3, sigmas (0.5, 0.25) and 2."""
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0]]))
        layer.weight_sigma.copy_(torch.tensor([[0.5, 0.25]]))
        layer.bias.fill_(3.0)
        layer.bias_sigma.fill_(2.0)
    return layer


def same_stream(layer):
    return torch.Generator().set_state(layer.noise.on(torch.device("cpu")).get_state())


def test_independent_noise_by_hand():
    layer = by_hand(NoisyLinear(2, 1, generator=generator()))
    draws = same_stream(layer)
    e = torch.randn(1, 2, generator=draws)[0].tolist() + torch.randn(1, generator=draws).tolist()
    expected = (1 + 0.5 * e[0]) * 10 + (2 + 0.25 * e[1]) * -4 + (3 + 2 * e[2])
    assert layer(torch.tensor([[10.0, -4.0]])).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("rows", [1, 3])
def test_factorised_noise_by_hand(rows):
    layer = by_hand(NoisyFactorizedLinear(2, 1, generator=generator()))
    e = torch.randn(3, generator=same_stream(layer)).tolist()
    f = [math.copysign(math.sqrt(abs(number)), number) for number in e]
    expected = (1 + 0.5 * f[2] * f[0]) * 10 + (2 + 0.25 * f[2] * f[1]) * -4 + (3 + 2 * f[2])
    assert layer(torch.tensor([[10.0, -4.0]] * rows)).flatten().tolist() == pytest.approx(
        [expected] * rows, rel=1e-5
    )


@pytest.mark.parametrize("kind", LAYERS)
def test_noise_is_fresh_in_every_call_and_absent_in_eval_mode(kind):
    layer = by_hand(kind(2, 1, generator=generator()))
    x = torch.tensor([[10.0, -4.0]])
    assert layer(x).item() != layer(x).item()
    layer.eval()
    assert layer(x).item() == layer(x).item() == 10.0 - 8.0 + 3.0


@pytest.mark.parametrize("kind", LAYERS)
def test_a_batch_shares_one_draw(kind):
    layer = kind(2, 3, generator=generator())
    rows = layer(torch.ones(4, 2))
    assert torch.equal(rows[0], rows[3])


@pytest.mark.parametrize("kind", LAYERS)
def test_gradients_reach_means_and_sigmas(kind):
    layer = kind(3, 2, generator=generator())
    layer(torch.ones(1, 3)).sum().backward()
    assert layer.weight.grad.tolist() == [[1.0] * 3] * 2
    assert layer.bias.grad.tolist() == [1.0, 1.0]
    assert (layer.weight_sigma.grad != 0).all()
    assert (layer.bias_sigma.grad != 0).all()


@pytest.mark.parametrize("kind", LAYERS)
def test_without_bias(kind):
    layer = kind(3, 2, bias=False, generator=generator())
    assert layer(torch.zeros(1, 3)).tolist() == [[0.0, 0.0]]
    assert {name for name, _ in layer.named_parameters()} == {"weight", "weight_sigma"}


@pytest.mark.parametrize(
    ("kind", "bound", "sigma"),
    [(NoisyLinear, math.sqrt(3 / 64), 0.017), (NoisyFactorizedLinear, 1 / 8, 0.5 / 8)],
)
def test_initial_values_are_the_paper_s(kind, bound, sigma):
    layer = kind(64, 200, generator=generator())
    for means, sigmas in ((layer.weight, layer.weight_sigma), (layer.bias, layer.bias_sigma)):
        assert 0.9 * bound < means.abs().max() <= bound
        assert means.min() < 0 < means.max()
        assert torch.equal(sigmas, torch.full_like(sigmas, sigma))


@pytest.mark.parametrize("kind", LAYERS)
def test_the_same_generator_gives_the_same_noise_and_the_global_one_is_not_used(kind):
    one, two = (by_hand(kind(2, 1, generator=generator(5))) for _ in range(2))
    x = torch.ones(1, 2)
    before = torch.random.get_rng_state()
    assert one(x).item() == two(x).item()
    assert torch.equal(before, torch.random.get_rng_state())
    other = by_hand(kind(2, 1, generator=generator(6)))
    assert other(x).item() != two(x).item()


@pytest.mark.parametrize("kind", LAYERS)
def test_copying_gives_other_noise_and_leaves_the_original_s_alone(kind):
    one, two = (by_hand(kind(2, 1, generator=generator(5))) for _ in range(2))
    x = torch.ones(1, 2)
    copies = [copy.deepcopy(one) for _ in range(2)]
    assert one(x).item() == two(x).item()
    drawn = {one(x).item(), *(copied(x).item() for copied in copies)}
    assert len(drawn) == 3


def test_a_target_has_noise_of_its_own():
    model = by_hand(NoisyFactorizedLinear(2, 1, generator=generator()))
    f = Approximation(model, target=FixedTarget(1))
    x = torch.ones(1, 2)
    before = model.noise.get_extra_state()
    assert f.target(x).item() != f.target(x).item()
    assert torch.equal(before, model.noise.get_extra_state())


def test_noise_goes_on_after_loading(tmp_path):
    def make(seed):
        model = nn.Sequential(NoisyFactorizedLinear(2, 2, generator=generator(seed)))
        return Approximation(model, torch.optim.Adam(model.parameters()), target=FixedTarget(1))

    one, two = make(1), make(2)
    x = torch.ones(1, 2)
    one.reinforce((one(x) - one.target(x)).square().sum())
    save_state(tmp_path / "s", one.state_dict())
    two.load_state_dict(load_state(tmp_path / "s"))
    assert torch.equal(one(x), two(x))
    assert torch.equal(one.target(x), two.target(x))


def test_copies_made_after_loading_draw_what_the_saved_network_s_would_have(tmp_path):
    saved, loaded = (nn.Sequential(NoisyLinear(2, 2, generator=generator(seed))) for seed in (1, 2))
    copy.deepcopy(saved)
    save_state(tmp_path / "s", saved.state_dict())
    loaded.load_state_dict(load_state(tmp_path / "s"))
    x = torch.ones(1, 2)
    assert torch.equal(copy.deepcopy(saved)(x), copy.deepcopy(loaded)(x))
    copies = [copy.deepcopy(saved)(x) for _ in range(2)]
    assert not torch.equal(*copies)


def test_a_state_of_another_kind_of_device_changes_nothing_here():
    stream, other = RandomStream(generator()), RandomStream(generator(1))
    before = stream.on(torch.device("cpu")).get_state()
    counts = other.get_extra_state()[-16:]
    stream.set_extra_state(torch.cat([torch.zeros(16, dtype=torch.uint8), counts]))  # as long as CUDA's
    assert torch.equal(before, stream.on(torch.device("cpu")).get_state())


def test_a_state_waits_until_numbers_are_drawn_on_its_kind_of_device():
    class Elsewhere:
        device = torch.device("cuda:0")

        def get_state(self):
            return torch.zeros(16, dtype=torch.uint8)

    saved = RandomStream(generator(1))
    torch.randn(3, generator=saved.on(torch.device("cpu")))
    stream = RandomStream(generator(2))
    stream._generator = Elsewhere()
    stream.set_extra_state(saved.get_extra_state())
    assert torch.equal(stream.get_extra_state(), saved.get_extra_state())  # saved again before the first draw
    drawn = torch.randn(3, generator=stream.on(torch.device("cpu")))
    assert torch.equal(drawn, torch.randn(3, generator=saved.on(torch.device("cpu"))))


def test_once_numbers_were_drawn_here_this_is_what_is_saved():
    stream, other = RandomStream(generator()), RandomStream(generator(1))
    elsewhere = torch.cat([torch.zeros(16, dtype=torch.uint8), other.get_extra_state()[-16:]])
    stream.set_extra_state(elsewhere)
    assert torch.equal(stream.get_extra_state(), elsewhere)
    torch.randn(3, generator=stream.on(torch.device("cpu")))
    resumed = RandomStream(generator(2))
    resumed.set_extra_state(stream.get_extra_state())
    draws = [torch.randn(3, generator=each.on(torch.device("cpu"))) for each in (stream, resumed)]
    assert torch.equal(*draws)
