"""Parts of a network in bfloat16."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from allcore.errors import HyperparameterError
from allcore.nn import LowPrecision, in_precision


def _layer() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 8))


def test_products_are_rounded_and_everything_around_is_not() -> None:
    exact, rounded = _layer(), LowPrecision(_layer())
    x = torch.randn(16, 64, requires_grad=True)
    y = torch.randn(16, 64)
    y.copy_(x.detach())
    y.requires_grad_()
    one, other = exact(x), rounded(y)
    assert other.dtype == torch.float32
    difference = (one - other).abs().max().item()
    assert (
        1e-5 < difference < 0.02
    )  # 8 bits of precision: relative errors of up to 2^-8 in each of two products
    one.square().mean().backward()
    other.square().mean().backward()
    for a, b in zip([x, *exact.parameters()], [y, *rounded.parameters()], strict=True):
        assert b.dtype == torch.float32
        assert a.grad is not None
        assert b.grad is not None
        assert b.grad.dtype == torch.float32
        cosine = torch.cosine_similarity(a.grad.flatten(), b.grad.flatten(), dim=0)
        assert cosine > 0.99


def test_what_is_asked_for_is_what_one_gets() -> None:
    layer = _layer()
    assert in_precision(layer, "float32") is layer
    assert isinstance(in_precision(layer, "bfloat16"), LowPrecision)
    with pytest.raises(HyperparameterError, match="no precision 'float16'"):
        in_precision(layer, "float16")
    with pytest.raises(HyperparameterError, match="here there are none"):
        in_precision(nn.Flatten(), "bfloat16")


@pytest.mark.parametrize("key", ["atari.ppo", "atari.a2c", "atari.pqn"])
def test_presets_have_it(key: str) -> None:
    from allcore.experiments import RunSpec
    from allcore.experiments.setup import build

    spec = RunSpec(
        preset=key, environment="Pong", frames=10, hyperparameters={"precision": "bfloat16", "n_envs": 2}
    )
    env, preset = build(spec)
    env.close()
    assert sum(isinstance(module, LowPrecision) for module in preset.modules()) == 1


def test_a_preset_without_shared_layers_says_so() -> None:
    from allcore.experiments import RunSpec
    from allcore.experiments.setup import build

    spec = RunSpec(
        preset="classic.ppo", environment="CartPole-v1", frames=10, hyperparameters={"precision": "bfloat16"}
    )
    with pytest.raises(HyperparameterError, match="precision: bfloat16 is for convolutions"):
        build(spec)
