"""Updates as compiled programs: what they compute, what stays outside, and what they refuse."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from allcore.approximation import Approximation, CompiledUpdate, FixedTarget, PolyakTarget
from allcore.approximation.compiled import _flatten, _unflatten
from allcore.core import StateArray
from allcore.errors import NonFiniteError, UsageError
from allcore.experiments import RunSpec
from allcore.experiments.beginning import make_experiment
from allcore.experiments.setup import build
from allcore.logging import DummyLogger
from allcore.optim import Adam, CentredRMSprop, Linear, RMSpropTF


class Told(DummyLogger):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[tuple[str, float, int]] = []

    def debug(self, name: str, value: Any, frame: int) -> None:
        self.values.append((name, round(float(value), 5), frame))


class Learner:
    """Follows a squared error, with all that an approximation can be told."""

    def __init__(self, make: Callable[..., Any], target: Any, compiled: bool, **options: Any) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
        self.told = Told()
        self.f = Approximation(model, make(model.parameters()), target=target, logger=self.told, **options)
        self.learn = CompiledUpdate(self.update, [self.f]) if compiled else self.update

    def update(self, x: Tensor, batch: dict[str, Tensor], scale: float) -> tuple[Tensor, None]:
        targets = batch["y"] + 0.5 * self.f.target(x).squeeze(1)
        errors = self.f(x).squeeze(1) - targets
        self.f.reinforce(scale * errors.square().mean())
        return errors.detach().abs(), None

    def run(self, numbers: range, rows: int = 5) -> list[Tensor]:
        results = []
        for number in numbers:
            generator = torch.Generator().manual_seed(number)
            x, y = torch.randn(rows, 3, generator=generator), torch.randn(rows, generator=generator)
            errors, nothing = self.learn(x, {"y": y}, 1.0 + number / 10)
            assert nothing is None
            results.append(errors)
        return results

    def weights(self) -> list[Tensor]:
        return [*self.f.model.state_dict().values(), *self.f._target.state_dict().get("model", {}).values()]


def _close(one: list[Tensor], other: list[Tensor]) -> None:
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


OPTIMIZERS = {
    "Adam": lambda parameters: Adam(parameters, lr=0.05),
    "torch's Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.05, weight_decay=0.1, fused=True),
    "RMSpropTF": lambda parameters: RMSpropTF(parameters, lr=0.01),
    "CentredRMSprop": lambda parameters: CentredRMSprop(parameters, lr=0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_computes_what_the_function_computes(name: str) -> None:
    """Also the host's half: schedules, counts, logs, and targets that are renewed by the count."""
    target: Callable[[], Any] = (lambda: FixedTarget(3)) if "RMS" in name else (lambda: PolyakTarget(0.1))
    schedule = Linear(1.0, 0.0, 0, 15)
    plain, compiled = (
        Learner(
            OPTIMIZERS[name],
            target(),
            flag,
            learning_rate_schedule=schedule,
            clip_grad=0.7,
            loss_scaling=0.5,
            log_interval=4,
        )
        for flag in (False, True)
    )
    _close(plain.run(range(12)), compiled.run(range(12)))
    _close(plain.weights(), compiled.weights())
    assert plain.f.updates == compiled.f.updates == 12
    assert [(name, frame) for name, _, frame in plain.told.values] == [
        (name, frame) for name, _, frame in compiled.told.values
    ]
    for (_, value, _), (_, same, _) in zip(plain.told.values, compiled.told.values, strict=True):
        assert value == pytest.approx(same, rel=1e-3, abs=1e-5)


def test_recording_is_no_update_and_other_shapes_get_a_program_of_their_own() -> None:
    plain, compiled = (Learner(OPTIMIZERS["Adam"], PolyakTarget(0.1), flag) for flag in (False, True))
    for learner in (plain, compiled):
        learner.run(range(3), rows=5)
        learner.run(range(3, 6), rows=7)
        learner.run(range(6, 8), rows=5)
    assert isinstance(compiled.learn, CompiledUpdate)
    assert len(compiled.learn._programs) == 2
    _close(plain.weights(), compiled.weights())


def test_what_is_loaded_is_what_it_goes_on_with() -> None:
    one = Learner(OPTIMIZERS["Adam"], FixedTarget(2), True)
    one.run(range(4))
    saved = copy.deepcopy(one.f.state_dict())
    one.run(range(4, 8))
    for begun in (0, 3):  # into one that has learnt nothing, and into one with a program already
        other = Learner(OPTIMIZERS["Adam"], FixedTarget(2), True)
        other.run(range(50, 50 + begun))
        other.f.load_state_dict(copy.deepcopy(saved))
        other.run(range(4, 8))
        assert all(torch.equal(a, b) for a, b in zip(one.weights(), other.weights(), strict=True))


def test_a_loss_that_is_no_number_is_found_afterwards() -> None:
    learner = Learner(OPTIMIZERS["Adam"], None, True)
    learner.run(range(3))
    with pytest.raises(NonFiniteError, match="The loss of approximation is nan in its update 4"):
        learner.learn(torch.full((5, 3), torch.nan), {"y": torch.zeros(5)}, 1.0)


class Drawing(Learner):
    """Adds noise from a generator."""

    generator: torch.Generator | None = None

    def update(self, x: Tensor, batch: dict[str, Tensor], scale: float) -> tuple[Tensor, None]:
        noise = torch.randn(x.shape, generator=self.generator) + torch.rand(3, generator=self.generator)
        self.f.reinforce(self.f(x + noise).square().mean())
        return noise, None


class Looking(Learner):
    """Looks at its loss."""

    def update(self, x: Tensor, batch: dict[str, Tensor], scale: float) -> tuple[Tensor, None]:
        loss = self.f(x).square().mean()
        self.f.reinforce(loss)
        return (x if loss > 0 else -x), None


def test_it_draws_what_the_function_draws() -> None:
    plain, compiled = (Drawing(OPTIMIZERS["Adam"], None, flag) for flag in (False, True))
    drawn = []
    for learner in (plain, compiled):
        learner.generator = torch.Generator().manual_seed(7)
        drawn.append(learner.run(range(6)))
        drawn[-1].append(torch.rand(1, generator=learner.generator))
    assert all(torch.equal(a, b) for a, b in zip(*drawn, strict=True))
    _close(plain.weights(), compiled.weights())


@pytest.mark.parametrize("kind", [Drawing, Looking])  # the former from torch's own generator
def test_what_cannot_be_recorded_is_refused_and_changes_nothing(kind: type[Learner]) -> None:
    learner = kind(OPTIMIZERS["Adam"], None, True)
    learner.run(range(1))
    before = copy.deepcopy(learner.f.state_dict())
    with pytest.raises(UsageError, match="update cannot be compiled"):
        learner.run(range(1, 2))
    after = learner.f.state_dict()
    assert after["updates"] == 1
    _same_state(before["model"], after["model"])
    _same_state(before["optimizer"]["state"], after["optimizer"]["state"])


def _same_state(one: Any, other: Any) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            _same_state(one[key], other[key])
    else:
        assert torch.equal(one, other)


@dataclass
class Pair:
    left: Tensor
    right: float


def test_arguments_come_back_as_they_were() -> None:
    states = StateArray({"observation": torch.ones(2, 3), "reward": torch.ones(2)}, (2,))
    given = (
        torch.zeros(4),
        [1, "two", None, True],
        {"a": 0.5, "b": (torch.ones(1),)},
        Pair(torch.ones(2), 2.0),
        states,
    )
    leaves: list[Tensor] = []
    form = _flatten(given, leaves)
    assert hash(form) == hash(_flatten(given, []))
    tensor, listed, table, pair, array = _unflatten(form, iter(leaves))
    assert tensor is given[0]
    assert listed == [1, "two", None, True]
    assert table["a"] == 0.5
    assert table["b"][0] is given[2]["b"][0]
    assert isinstance(pair, Pair)
    assert pair.left is given[3].left
    assert pair.right == 2.0
    assert isinstance(array, StateArray)
    assert array.keys() == states.keys()
    assert _flatten((0.5,), []) == _flatten((0.7,), [])
    assert _flatten((1,), []) != _flatten((2,), [])


CASES = {
    "dqn": ("classic.dqn", "CartPole-v1", {"target_update_frequency": 7}),
    "ddqn": ("classic.ddqn", "CartPole-v1", {"target_update_frequency": 7}),
    "qrdqn": ("classic.qrdqn", "CartPole-v1", {"target_update_frequency": 7}),
    "c51": ("classic.c51", "CartPole-v1", {"target_update_frequency": 7}),
    "ppo": (
        "classic.ppo",
        "CartPole-v1",
        {"n_steps": 16, "n_epochs": 3, "n_minibatches": 2, "clip_values": True},
    ),
    "rainbow": ("classic.rainbow", "CartPole-v1", {"target_update_frequency": 7}),
    "iqn": ("classic.iqn", "CartPole-v1", {"target_update_frequency": 7}),
    "discrete_sac": ("classic.discrete_sac", "CartPole-v1", {}),
    "ddpg": ("continuous.ddpg", "Pendulum-v1", {"minibatch_size": 32, "critic_hidden": [16]}),
    "td3": ("continuous.td3", "Pendulum-v1", {"minibatch_size": 32, "critic_hidden": [16]}),
    "tqc": ("continuous.tqc", "Pendulum-v1", {"minibatch_size": 32, "critic_hidden": [16]}),
    "sac": ("continuous.sac", "Pendulum-v1", {"minibatch_size": 32, "critic_hidden": [16]}),
    "ppo, continuous": ("mujoco.ppo", "Hopper-v5", {"n_steps": 64, "n_epochs": 2, "n_minibatches": 2}),
}


@pytest.mark.parametrize("case", CASES)
def test_agents_learn_the_same(case: str) -> None:
    _compare(case, "cpu")


@pytest.mark.gpu
@pytest.mark.parametrize("case", CASES)
def test_agents_learn_the_same_on_a_gpu(case: str) -> None:
    _compare(case, "cuda")


def _compare(case: str, device: str) -> None:
    """Equal as long as the last digits do not choose another action."""
    preset_key, environment, changes = CASES[case]
    if "ppo" not in preset_key:
        changes = {**changes, "replay_start_size": 60, "hidden": [16]}
    weights, updates = [], []
    for compiled in (False, True):
        spec = RunSpec(
            preset=preset_key,
            environment=environment,
            frames=10_000,
            device=device,
            hyperparameters={**changes, "compiled": compiled},
        )
        env, preset = build(spec)
        experiment = make_experiment(preset, env, train_steps=2000)
        experiment.train(frames=200)
        weights.append([parameter.detach().clone() for parameter in preset.parameters()])
        updates.append([each.updates for each in _approximations(experiment._agent)])
        env.close()
    assert updates[0] == updates[1]
    assert max(updates[0]) > 5
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-3, atol=1e-4)


def _approximations(agent: Any) -> list[Approximation]:
    agent = getattr(agent, "agent", agent)
    return [value for value in vars(agent).values() if isinstance(value, Approximation)]
