"""The optimizers that presets use but do not own, against their papers' equations in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import Adam, Optimizer, RAdam

from all_agents.compositions.optimizers import adam

LR, B1, B2, EPS = 0.01, 0.9, 0.999, 1e-4


def adam_step(t: int, m: Any, v: Any) -> Any:
    """Kingma and Ba (2015), Algorithm 1."""
    return LR * (m / (1 - B1**t)) / (np.sqrt(v / (1 - B2**t)) + EPS)


def radam_step(t: int, m: Any, v: Any) -> Any:
    """Liu et al. (2020), On the variance of the adaptive learning rate, Algorithm 2; epsilon as in Adam."""
    longest = 2 / (1 - B2) - 1
    length = longest - 2 * t * B2**t / (1 - B2**t)
    if length <= 5:  # torch's threshold; the paper's is 4, and from 5 on its rectification is safe
        return LR * m / (1 - B1**t)
    rectified = np.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    return LR * rectified * (m / (1 - B1**t)) * np.sqrt(1 - B2**t) / (np.sqrt(v) + EPS)


@pytest.mark.parametrize(
    ("make", "step"),
    [
        (lambda p: adam(p, lr=LR, eps=EPS), adam_step),
        (lambda p: Adam(p, lr=LR, eps=EPS), adam_step),
        (lambda p: RAdam(p, lr=LR, eps=EPS), radam_step),
    ],
    ids=["fused Adam", "Adam", "RAdam"],
)
def test_thirty_steps(make: Callable[[Any], Optimizer], step: Callable[[int, Any, Any], Any]) -> None:
    generator = np.random.default_rng(0)
    parameter = torch.nn.Parameter(torch.tensor(generator.normal(size=5), dtype=torch.float32))
    optimizer = make([parameter])
    x = parameter.detach().double().numpy().copy()
    m, v = np.zeros(5), np.zeros(5)
    for t in range(1, 31):
        gradient = generator.normal(size=5) * 10.0 ** generator.integers(-4, 2)
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
        m, v = B1 * m + (1 - B1) * gradient, B2 * v + (1 - B2) * gradient**2
        x -= step(t, m, v)
        assert parameter.detach().numpy() == pytest.approx(x, abs=1e-5)
