"""Losses that are not finite: when they are found, what is kept, and what is left alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn, optim

from allcore.approximation import Approximation, loss_watch
from allcore.checkpoint import load_state, save_state
from allcore.core import State, StateArray
from allcore.errors import NonFiniteError


def learnt(clip_grad: float = 0.0, weight: float = 1.0) -> Approximation:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, weight)
    return Approximation(model, optim.SGD(model.parameters(), lr=0.5), clip_grad=clip_grad, name="f")


def weight(f: Approximation) -> float:
    return f.model.weight.item()


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_a_bad_loss_changes_no_weight_and_the_next_good_one_is_followed(bad: float) -> None:
    f = learnt()
    f.reinforce(f(torch.tensor([1.0])).sum())
    assert weight(f) == 0.5
    with pytest.raises(NonFiniteError, match=rf"The loss of f is {bad} in its update 2\."):
        f.reinforce(f(torch.tensor([bad])).sum())
    assert (weight(f), f.updates) == (0.5, 1)
    f.reinforce(f(torch.tensor([1.0])).sum())
    assert (weight(f), f.updates) == (0.0, 2)


def test_step_looks_at_the_loss_that_it_is_told() -> None:
    f = learnt()
    f(torch.tensor([1.0])).sum().backward()
    with pytest.raises(NonFiniteError):
        f.step(torch.tensor(torch.nan))
    assert weight(f) == 1.0


def test_clipped_gradients_are_looked_at_though_the_loss_is_finite() -> None:
    f = learnt(clip_grad=1.0, weight=0.0)
    loss = f(torch.tensor([1.0])).sqrt().sum()  # 0, with an infinite slope
    assert loss.item() == 0.0
    with pytest.raises(NonFiniteError, match="The norm of the gradients of f is inf in its update 1"):
        f.reinforce(loss)
    assert weight(f) == 0.0


def test_gradients_that_are_not_clipped_show_in_the_next_loss() -> None:
    f = learnt(weight=0.0)
    f.reinforce(f(torch.tensor([1.0])).sqrt().sum())
    assert weight(f) == -torch.inf
    with pytest.raises(NonFiniteError, match="update 2"):
        f.reinforce(f(torch.tensor([1.0])).sum())


def test_going_on_follows_a_bad_loss_and_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    f = learnt()
    with loss_watch.going_on_regardless(), caplog.at_level(logging.WARNING, "allcore"):
        for _ in range(2):
            f.reinforce(f(torch.tensor([torch.nan])).sum())
    assert torch.isnan(f.model.weight).all()
    assert [record.message for record in caplog.records] == [
        "The loss of f is nan in its update 1. Training goes on, as it was told to."
    ]
    with pytest.raises(NonFiniteError):  # it was told so for that time only
        f.reinforce(f(torch.tensor([1.0])).sum())


def test_where_a_look_waits_it_is_taken_seldom_and_finds_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_watch, "_at_once", lambda value: False)
    f = learnt()
    inputs = [torch.full((1,), float(number)) for number in range(loss_watch.LOOK_EVERY)]
    for number, x in enumerate(inputs[:-1]):
        f.reinforce((f(x) * (torch.nan if number == 3 else 1.0)).sum())
    with pytest.raises(NonFiniteError, match=r"The loss of f was nan in its update 4\.") as caught:
        f.reinforce(f(inputs[-1]).sum())
    assert f.updates == loss_watch.LOOK_EVERY - 1
    assert torch.equal(caught.value.batch["x"], inputs[3])


# ---- what was being learnt from


@dataclass
class Pair:
    left: Tensor
    right: Any


class Learner:
    """An agent whose batch is where batches may be: in variables of several functions, in containers, on itself."""

    def __init__(self) -> None:
        self.f = learnt()
        self.kept = torch.tensor([7.0])
        self.name = "not a tensor"

    def act(self, state: State) -> None:
        rewards = torch.tensor([1.0])
        outer_only = torch.tensor([1.0])
        self.learn(rewards * torch.nan, outer_only)

    def learn(self, rewards: Tensor, given: Tensor) -> None:
        pair = Pair(torch.tensor([2]), State({"observation": given}))
        several = [torch.tensor([3]), "text", None]
        scale = 0.5
        self.f.reinforce(scale * self.f(rewards).sum())
        del pair, several


def test_the_batch_is_what_the_functions_up_to_act_hold(tmp_path: Any) -> None:
    state = StateArray(
        {"observation": torch.ones(1, 2), "reward": torch.zeros(1), "done": torch.zeros(1)}, (1,)
    )
    not_the_agents = torch.ones(3)
    with pytest.raises(NonFiniteError) as caught:
        Learner().act(state)
    save_state(tmp_path / "batch", caught.value.batch)
    batch = load_state(tmp_path / "batch")
    assert len(not_the_agents) == 3
    assert set(batch) == {
        *("loss", "rewards", "given", "pair", "several", "scale"),  # learn
        *("state", "outer_only"),  # act
        "self.kept",
    }
    assert batch["rewards"].isnan().all()  # the innermost of that name
    assert torch.equal(batch["state"]["observation"], torch.ones(1, 2))
    assert batch["pair"]["left"].item() == 2
    assert torch.equal(batch["pair"]["right"]["observation"], torch.ones(1))
    assert batch["several"].keys() == {"0"}
    assert batch["scale"] == 0.5
    assert batch["self.kept"].item() == 7.0


@pytest.mark.parametrize(
    ("x", "message"), [(torch.inf, "The loss of f is inf"), (0.0, "The norm of the gradients")]
)
def test_without_an_agent_it_is_what_the_caller_holds(x: float, message: str) -> None:
    f, inputs = learnt(clip_grad=1.0), torch.tensor([x])
    with pytest.raises(NonFiniteError, match=message) as caught:
        f.reinforce(f(inputs).sqrt().sum())
    assert set(caught.value.batch) == {"loss", "inputs", "x"}
