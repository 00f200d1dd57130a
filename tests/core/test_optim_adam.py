"""Our Adam against torch's, bit for bit."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from allcore.approximation.optimizer_state import load_optimizer_state
from allcore.errors import HyperparameterError
from allcore.optim import Adam


def _network() -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(), nn.Linear(16, 3), nn.Linear(3, 1, bias=False))
    for parameter in network.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator))
    return network.to(memory_format=torch.channels_last)


def _torchs(parameters: Any, **options: Any) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, fused=True, **options)


def _follow(
    network: nn.Module, optimizer: torch.optim.Optimizer, number: int, skip: tuple[int, ...] = ()
) -> None:
    generator = torch.Generator().manual_seed(number)
    for index, parameter in enumerate(network.parameters()):
        gradient = torch.randn(parameter.shape, generator=generator) * 10.0 ** (index - 2)
        parameter.grad = None if index in skip else gradient.to(memory_format=torch.preserve_format)
    optimizer.step()


def _same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(
    "options", [{}, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}, {"lr": torch.tensor(0.01)}, {"eps": 0.0}]
)
def test_it_is_torchs_to_the_last_bit(options: dict[str, Any]) -> None:
    ours, theirs = _network(), _network()
    mine, torchs = Adam(ours.parameters(), **options), _torchs(theirs.parameters(), **options)
    for number in range(20):
        _follow(ours, mine, number)
        _follow(theirs, torchs, number)
        assert _same(ours, theirs)


def test_the_first_step_by_hand() -> None:
    parameter = nn.Parameter(torch.tensor([1.0, 2.0]))
    parameter.grad = torch.tensor([0.5, -4.0])
    Adam([parameter], lr=0.1, eps=0.5).step()
    # m / (1 - beta1) = g and v / (1 - beta2) = g^2, so the step is lr * g / (|g| + eps)
    expected = torch.tensor([1.0 - 0.1 * 0.5 / 1.0, 2.0 + 0.1 * 4.0 / 4.5])
    torch.testing.assert_close(parameter.detach(), expected)


def test_groups_have_rates_of_their_own_which_may_change() -> None:
    ours, theirs = _network(), _network()
    pair = []
    for network, make in ((ours, Adam), (theirs, _torchs)):
        first, *others = network.parameters()
        pair.append(make([{"params": [first], "lr": 0.5}, {"params": others}], lr=1e-2))
    for number in range(6):
        for network, optimizer in zip((ours, theirs), pair, strict=True):
            optimizer.param_groups[1]["lr"] = 0.01 / (1 + number)
            _follow(network, optimizer, number)
        assert _same(ours, theirs)


def test_parameters_without_a_gradient_stay_and_do_not_count() -> None:
    ours, theirs = _network(), _network()
    mine, torchs = Adam(ours.parameters(), lr=0.1), _torchs(theirs.parameters(), lr=0.1)
    for number, skip in enumerate([(), (1,), (0, 2), (), (0, 1, 2, 3, 4), (4,), ()]):
        _follow(ours, mine, number, skip)
        _follow(theirs, torchs, number, skip)
        assert _same(ours, theirs)
    steps = [float(mine.state[parameter]["step"]) for parameter in ours.parameters()]
    assert steps == [5, 5, 5, 6, 5]


@pytest.mark.parametrize("load", [lambda o, s: o.load_state_dict(s), load_optimizer_state])
@pytest.mark.parametrize("make", [Adam, _torchs])
@pytest.mark.parametrize("begun", [False, True])
def test_each_goes_on_from_what_the_other_saved(load: Any, make: Any, begun: bool) -> None:
    """Also into an optimizer that has a state already, and without changing what was saved."""
    one, whole = _network(), _network()
    saver, reference = make(one.parameters(), lr=0.1), _torchs(whole.parameters(), lr=0.1)
    for number in range(5):
        _follow(one, saver, number)
        _follow(whole, reference, number)
    saved = copy.deepcopy(saver.state_dict())
    kept = copy.deepcopy(saved)
    two = _network()
    loaded = Adam(two.parameters(), lr=0.1)
    if begun:
        _follow(two, loaded, 77)
    two.load_state_dict(one.state_dict())
    load(loaded, saved)
    for number in range(5, 9):
        _follow(two, loaded, number)
        _follow(whole, reference, number)
        assert _same(two, whole)
    if load is load_optimizer_state:
        assert all(
            torch.equal(a, b)
            for key in kept["state"]
            for a, b in zip(kept["state"][key].values(), saved["state"][key].values(), strict=True)
        )


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copy_goes_on_by_itself(duplicate: Any) -> None:
    network = _network()
    optimizer = Adam(network.parameters(), lr=0.1)
    _follow(network, optimizer, 0)
    copied, its = duplicate((network, optimizer))
    before = [parameter.detach().clone() for parameter in network.parameters()]
    _follow(copied, its, 1)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    _follow(network, optimizer, 1)
    assert _same(network, copied)


def test_a_group_may_come_later_and_hooks_are_called() -> None:
    first, second = (nn.Parameter(torch.ones(2)) for _ in range(2))
    optimizer = Adam([first], lr=0.1)
    calls: list[Tensor] = []
    optimizer.register_step_post_hook(lambda *_: calls.append(first))
    first.grad = torch.ones(2)
    optimizer.step()
    optimizer.add_param_group({"params": [second], "lr": 0.3})
    second.grad = torch.ones(2)
    optimizer.step()
    torch.testing.assert_close(second.detach(), torch.full((2,), 0.7))
    assert len(calls) == 2


@pytest.mark.parametrize(
    "wrong", [{"lr": -1.0}, {"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)}, {"eps": -1e-8}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(HyperparameterError, match="Adam cannot work with"):
        Adam([nn.Parameter(torch.ones(1))], **wrong)


def test_neither_making_an_optimizer_nor_a_preset_imports_torchs_compiler() -> None:
    """It takes seconds, at the start of every run."""
    program = """
import sys, torch
from allcore.environments import GymEnvironment
from all_agents.presets.classic import dqn
agent = dqn.env(GymEnvironment("CartPole-v1")).build().agent()
assert agent.q.model
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
